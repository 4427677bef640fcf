import { script } from './commands.mjs';
import { driveApp } from './driver.mjs';
import { ensureInstalled } from './install.mjs';

await script(async () => {
  await ensureInstalled();
  return driveApp('test/e2e/demo.ts', 'demo', process.argv.slice(2));
});
