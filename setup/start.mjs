import { isRoot, prepareElectron } from './app.mjs';
import { ensureBuilt } from './build.mjs';
import { root } from './checkout.mjs';
import { run, script, SetupError } from './commands.mjs';
import { electronEnvironment } from './electron/resolve.mjs';
import { ensureInstalled } from './install.mjs';
import { hasDisplay } from './system/display.mjs';

await script(async () => {
  if (!hasDisplay()) {
    throw new SetupError(
      'There is no display here to open the app on. `npm run demo` runs it on a virtual one and leaves pictures of it in demo/.',
    );
  }
  await ensureInstalled();
  const electron = await prepareElectron();
  await ensureBuilt();
  const args = [...(isRoot() ? ['--no-sandbox'] : []), root, ...process.argv.slice(2)];
  return run(electron.executable, args, { env: electronEnvironment(electron) });
});
