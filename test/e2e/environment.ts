import { prepareElectron } from '../../setup/app.mjs';
import { ensureBuilt } from '../../setup/build.mjs';
import { electronEnvironment } from '../../setup/electron/resolve.mjs';
import { hasDisplay, startDisplay } from '../../setup/system/display.mjs';

/** Vitest's global set-up of the e2e project: the built app, an Electron to run it with, and one display for all tests. */
export default async function prepare(): Promise<() => Promise<void>> {
  const needsDisplay = !hasDisplay();
  const electron = await prepareElectron(needsDisplay ? ['Xvfb'] : []);
  await ensureBuilt();
  Object.assign(process.env, electronEnvironment(electron));
  if (!needsDisplay) return async () => {};
  const { display, stop } = await startDisplay();
  process.env['DISPLAY'] = display;
  return async () => {
    await stop();
    delete process.env['DISPLAY'];
  };
}
