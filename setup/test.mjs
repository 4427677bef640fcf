import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { prepareElectron } from './app.mjs';
import { ensureBuilt } from './build.mjs';
import { cache, inModules } from './checkout.mjs';
import { runNode, say, script, SetupError } from './commands.mjs';
import { ensureInstalled } from './install.mjs';
import { hasDisplay } from './system/display.mjs';

const countsFile = join(cache, 'test-counts.json');

/** @typedef {{ passed: number, failed: number, skipped: number }} Counts */

/** @type {[what: string, script: string, args: string[]][]} */
const checks = [
  ['types', inModules('typescript', 'bin', 'tsc'), ['-b']],
  ['lint', inModules('oxlint', 'bin', 'oxlint'), ['--type-aware']],
  ['format', inModules('prettier', 'bin', 'prettier.cjs'), ['--check', '.', '--log-level', 'warn']],
  ['unused code', inModules('knip', 'bin', 'knip.js'), []],
];

/** Runs a step; a failure is counted, and the later steps still run: one run shows everything. @param {string} what @param {() => Promise<unknown>} step */
async function failures(what, step) {
  const start = Date.now();
  try {
    await step();
    say(`${what}: fine (${((Date.now() - start) / 1000).toFixed(1)} s)`);
    return 0;
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    say(`${what}: FAILED. ${error.message}`);
    return 1;
  }
}

/** @param {string[]} args further arguments for Vitest: with any, only those tests run, without the checks @returns {Promise<Counts>} */
async function runTests(args) {
  rmSync(countsFile, { force: true });
  const code = await runNode(inModules('vitest', 'vitest.mjs'), ['run', ...args]);
  /** @type {Counts} */
  let counts = { passed: 0, failed: 0, skipped: 0 };
  try {
    counts = JSON.parse(readFileSync(countsFile, 'utf8'));
  } catch {
    say('Vitest ended before its tests did.');
  }
  // Whatever made Vitest fail without failing a test must not look like success.
  return code !== 0 && counts.failed === 0 ? { ...counts, failed: 1 } : counts;
}

await script(async () => {
  const args = process.argv.slice(2);
  let failed = await failures('packages', ensureInstalled);
  let counts = { passed: 0, failed: 0, skipped: 0 };
  if (failed === 0) {
    for (const [what, program, options] of args.length > 0 ? [] : checks) {
      failed += await failures(what, async () => {
        if ((await runNode(program, options)) !== 0) throw new SetupError('See above.');
      });
    }
    const appFailures =
      (await failures('Electron', () => prepareElectron(hasDisplay() ? [] : ['Xvfb']))) + (await failures('build', ensureBuilt));
    failed += appFailures;
    // Without an app to open, the other tests still have something to say.
    counts = await runTests(appFailures === 0 ? args : [...args, '--project=!e2e']);
  }
  failed += counts.failed;
  console.log(`${counts.passed} passed, ${failed} failed, ${counts.skipped} skipped`);
  return failed === 0 ? 0 : 1;
});
