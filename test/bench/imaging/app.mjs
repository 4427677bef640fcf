// node test/bench/imaging/app.mjs [images...]: the built app on folders of so many images (20,000 and 100,000 unless given): how long
// until the first one is on screen, the folder is known, the project is open again, and all are labelled at once. Beside the time by
// the clock the processor time of main and page, which other work on the machine does not change.
import { script } from '../../../setup/commands.mjs';
import { driveApp } from '../../../setup/driver.mjs';

await script(() => driveApp('test/bench/imaging/app-speed.ts', 'measure', process.argv.slice(2)));
