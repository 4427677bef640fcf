import { runnerImport } from 'vite';
import { prepareElectron } from '../../setup/app.mjs';
import { ensureBuilt } from '../../setup/build.mjs';
import { inRoot, root } from '../../setup/checkout.mjs';
import { script } from '../../setup/commands.mjs';
import { electronEnvironment } from '../../setup/electron/resolve.mjs';
import { hasDisplay, startDisplay } from '../../setup/system/display.mjs';

await script(async () => {
  const needsDisplay = !hasDisplay();
  const electron = await prepareElectron(needsDisplay ? ['Xvfb'] : []);
  await ensureBuilt();
  Object.assign(process.env, electronEnvironment(electron));
  const virtual = needsDisplay ? await startDisplay() : undefined;
  try {
    if (virtual !== undefined) process.env['DISPLAY'] = virtual.display;
    const { module } = await runnerImport(inRoot('test', 'preview', 'app-shots.ts'), { configFile: false, root });
    return await /** @type {{ shots(args: string[]): Promise<number> }} */ (module).shots(process.argv.slice(2));
  } finally {
    await virtual?.stop();
  }
});
