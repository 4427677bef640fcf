import { runnerImport } from 'vite';
import { prepareElectron } from '../../setup/app.mjs';
import { ensureBuilt } from '../../setup/build.mjs';
import { inRoot, root } from '../../setup/checkout.mjs';
import { script } from '../../setup/commands.mjs';
import { electronEnvironment } from '../../setup/electron/resolve.mjs';
import { hasDisplay, startDisplay } from '../../setup/system/display.mjs';

/**
 * Measures the built app, with a display of its own where there is none: calls `measure` of the module `file`, a path below test/bench.
 * @param {string} file
 * @param {string[]} args
 */
export const inApp = (file, args) =>
  script(async () => {
    const needsDisplay = !hasDisplay();
    const electron = await prepareElectron(needsDisplay ? ['Xvfb'] : []);
    await ensureBuilt();
    Object.assign(process.env, electronEnvironment(electron));
    const virtual = needsDisplay ? await startDisplay() : undefined;
    try {
      if (virtual !== undefined) process.env['DISPLAY'] = virtual.display;
      const { module } = await runnerImport(inRoot('test', 'bench', file), { configFile: false, root });
      return await /** @type {{ measure(args: string[]): Promise<number> }} */ (module).measure(args);
    } finally {
      await virtual?.stop();
    }
  });
