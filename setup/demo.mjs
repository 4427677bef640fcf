import { prepareElectron } from './app.mjs';
import { ensureBuilt } from './build.mjs';
import { inRoot, root } from './checkout.mjs';
import { script } from './commands.mjs';
import { electronEnvironment } from './electron/resolve.mjs';
import { ensureInstalled } from './install.mjs';
import { hasDisplay, startDisplay } from './system/display.mjs';

await script(async () => {
  await ensureInstalled();
  const needsDisplay = !hasDisplay();
  const electron = await prepareElectron(needsDisplay ? ['Xvfb'] : []);
  await ensureBuilt();
  Object.assign(process.env, electronEnvironment(electron));
  const virtual = needsDisplay ? await startDisplay() : undefined;
  try {
    if (virtual !== undefined) process.env['DISPLAY'] = virtual.display;
    // Vite loads the TypeScript driver as it is, from its own place.
    const { runnerImport } = await import('vite');
    const { module } = await runnerImport(inRoot('test', 'e2e', 'demo.ts'), { configFile: false, root });
    return await /** @type {{ demo(args: string[]): Promise<number> }} */ (module).demo(process.argv.slice(2));
  } finally {
    await virtual?.stop();
  }
});
