// node test/bench/viewer/run.mjs [steps]: from the key to the image on the screen, in the real app. See README.md.
import { script } from '../../../setup/commands.mjs';
import { driveApp } from '../../../setup/driver.mjs';

await script(() => driveApp('test/bench/viewer/main.ts', 'measure', process.argv.slice(2)));
