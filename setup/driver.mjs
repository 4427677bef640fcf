import { prepareElectron } from './app.mjs';
import { ensureBuilt } from './build.mjs';
import { inRoot, root } from './checkout.mjs';
import { electronEnvironment } from './electron/resolve.mjs';
import { hasDisplay, startDisplay } from './system/display.mjs';

/**
 * Calls `name`(args) of the TypeScript module `file`, a path below the checkout, which drives the built app; with a display of its own where there is none.
 * @param {string} file
 * @param {string} name
 * @param {string[]} args
 * @returns {Promise<number>} the exit code
 */
export async function driveApp(file, name, args) {
  const needsDisplay = !hasDisplay();
  const electron = await prepareElectron(needsDisplay ? ['Xvfb'] : []);
  await ensureBuilt();
  Object.assign(process.env, electronEnvironment(electron));
  const virtual = needsDisplay ? await startDisplay() : undefined;
  try {
    if (virtual !== undefined) process.env['DISPLAY'] = virtual.display;
    // Only now: it may have been installed a moment ago. Vite loads the driver as it is, from its own place.
    const { runnerImport } = await import('vite');
    const { module } = await runnerImport(inRoot(file), { configFile: false, root });
    const drive = /** @type {Record<string, (args: string[]) => Promise<number>>} */ (module)[name];
    if (drive === undefined) throw new Error(`${file} has no ${name}`);
    return await drive(args);
  } finally {
    await virtual?.stop();
  }
}
