import { isRoot, prepareElectron } from './app.mjs';
import { copyTensorFlowWasm } from './build.mjs';
import { inModules } from './checkout.mjs';
import { runNode, script } from './commands.mjs';
import { electronEnvironment } from './electron/resolve.mjs';
import { ensureInstalled } from './install.mjs';

// The renderer comes from a development server here, from another origin than in the app: its database is another one.
await script(async () => {
  await ensureInstalled();
  const electron = await prepareElectron();
  copyTensorFlowWasm();
  const env = { ...electronEnvironment(electron), ...(isRoot() ? { NO_SANDBOX: '1' } : {}) };
  return runNode(inModules('electron-vite', 'bin', 'electron-vite.js'), ['dev', ...process.argv.slice(2)], { env });
});
