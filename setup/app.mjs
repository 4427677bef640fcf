import { SetupError } from './commands.mjs';
import { announceElectron } from './electron/resolve.mjs';
import { whatIsLacking } from './system/libraries.mjs';

/** Chromium refuses its sandbox to root: only there it is switched off. */
export const isRoot = () => process.getuid?.() === 0;

/**
 * The Electron to run the app with; the machine has what it needs.
 * @param {string[]} [programs] further commands that are needed
 */
export async function prepareElectron(programs = []) {
  const electron = await announceElectron();
  const lack = whatIsLacking(electron.executable, programs);
  if (lack !== undefined) throw new SetupError(lack);
  return electron;
}
