import { script } from '../../setup/commands.mjs';
import { driveApp } from '../../setup/driver.mjs';

await script(() => driveApp('test/preview/app-shots.ts', 'shots', process.argv.slice(2)));
