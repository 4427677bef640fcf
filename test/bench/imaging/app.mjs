// node test/bench/imaging/app.mjs [images...]: the built app on folders of so many images (20,000 and 100,000 unless given): how long
// until the first one is on screen, the folder is known, the project is open again, and all are labelled at once. Beside the time by
// the clock the processor time of main and page, which other work on the machine does not change.
import { runnerImport } from 'vite';
import { prepareElectron } from '../../../setup/app.mjs';
import { ensureBuilt } from '../../../setup/build.mjs';
import { inRoot, root } from '../../../setup/checkout.mjs';
import { script } from '../../../setup/commands.mjs';
import { electronEnvironment } from '../../../setup/electron/resolve.mjs';
import { hasDisplay, startDisplay } from '../../../setup/system/display.mjs';

await script(async () => {
  const needsDisplay = !hasDisplay();
  const electron = await prepareElectron(needsDisplay ? ['Xvfb'] : []);
  await ensureBuilt();
  Object.assign(process.env, electronEnvironment(electron));
  const virtual = needsDisplay ? await startDisplay() : undefined;
  try {
    if (virtual !== undefined) process.env['DISPLAY'] = virtual.display;
    const { module } = await runnerImport(inRoot('test', 'bench', 'imaging', 'app-speed.ts'), { configFile: false, root });
    return await /** @type {{ speed(args: string[]): Promise<number> }} */ (module).speed(process.argv.slice(2));
  } finally {
    await virtual?.stop();
  }
});
