// node test/bench/viewer/run.mjs [steps]: from the key to the image on the screen, in the real app. See README.md.
import { inApp } from '../in-app.mjs';

await inApp('viewer/main.ts', process.argv.slice(2));
