// node test/bench/viewer/run.mjs [steps]: from the key to the image on the screen, in the real app. See README.md.
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
    const { module } = await runnerImport(inRoot('test', 'bench', 'viewer', 'main.ts'), { configFile: false, root });
    return await /** @type {{ measure(steps: number): Promise<number> }} */ (module).measure(Number(process.argv[2] ?? 12));
  } finally {
    await virtual?.stop();
  }
});
