import { execFile } from 'node:child_process';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';

const program = join(resolve(import.meta.dirname, '../..'), 'out/main/collimate.js');

/** Runs the built command line; rejects with what it said when it does not end with 0. */
export const collimate = (...args: string[]) => promisify(execFile)(process.execPath, [program, ...args], { maxBuffer: 1 << 26 });
