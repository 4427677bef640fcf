import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { root } from './checkout.mjs';

/** An expected end of the set-up: its message is the sentence for the person, without a stack. */
export class SetupError extends Error {}

/**
 * Runs a program in the checkout with its output on ours, and stops it when we are stopped.
 * @param {string} program
 * @param {string[]} args
 * @param {{ env?: NodeJS.ProcessEnv, quiet?: boolean, cwd?: string }} [options] quiet: its standard output is dropped
 * @returns {Promise<number>} the exit code; 1 when a signal ended it
 */
export function run(program, args, { env = {}, quiet = false, cwd = root } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd,
      env: { ...process.env, ...env },
      stdio: ['ignore', quiet ? 'ignore' : 'inherit', 'inherit'],
    });
    const stop = () => child.kill();
    process.once('SIGINT', stop).once('SIGTERM', stop);
    child.once('error', reject);
    child.once('close', (code) => {
      process.off('SIGINT', stop).off('SIGTERM', stop);
      resolve(code ?? 1);
    });
  });
}

/** Runs a Node script: {@link run} without depending on a shell or on PATH. @param {string} script @param {string[]} [args] @param {Parameters<typeof run>[2]} [options] */
export const runNode = (script, args = [], options) => run(process.execPath, [script, ...args], options);

/**
 * Runs npm: the one that started us, else the one beside Node (`npm` itself is a shell script on Windows, which cannot be spawned).
 * @param {string[]} args
 * @param {Parameters<typeof run>[2]} [options]
 */
export function runNpm(args, options) {
  const beside = [join('node_modules', 'npm'), join('..', 'lib', 'node_modules', 'npm')].map((folder) =>
    join(dirname(process.execPath), folder, 'bin', 'npm-cli.js'),
  );
  const script = [process.env['npm_execpath'], ...beside].find((path) => path?.endsWith('npm-cli.js') === true && existsSync(path));
  return script === undefined ? run('npm', args, options) : runNode(script, args, options);
}

/** Runs one of the scripts of setup/: an expected failure is one sentence and exit code 1. @param {() => Promise<number>} main */
export async function script(main) {
  try {
    process.exitCode = await main();
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    console.error(`\n${error.message}`);
    process.exitCode = 1;
  }
}

/** @param {string} text */
export const say = (text) => console.log(`[collimate] ${text}`);
