import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '../../..');
const entry = join(root, 'out', 'main', 'collimate.js');

/** Real data beside the repository. */
export const shared = resolve(root, '../shared');
export const kermany = join(shared, 'data/cxr/kermany224');

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** The summary of --json. */
  readonly json: Record<string, unknown>;
}

/** A child process of the built command, as a person starts it. `cwd` serves relative paths. */
export function start(cwd: string, args: readonly string[]): { child: ChildProcess; ended: Promise<Ended> } {
  if (!existsSync(entry)) throw new Error(`${entry} is missing: run "npm run build" first`);
  const child = spawn(process.execPath, [entry, ...args], { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const ended = new Promise<Ended>((done, failed) => {
    child.on('error', failed);
    child.on('close', (code) =>
      done({ code, stdout, stderr, json: stdout.startsWith('{') ? (JSON.parse(stdout) as Record<string, unknown>) : {} }),
    );
  });
  return { child, ended };
}

/** Runs a command to its end, with --json. */
export const collimate = (cwd: string, ...args: string[]): Promise<Ended> => start(cwd, [...args, '--json']).ended;

/** The same where anything but success is a surprise. */
export async function succeed(cwd: string, ...args: string[]): Promise<Record<string, unknown>> {
  const { code, json, stderr } = await collimate(cwd, ...args);
  if (code !== 0) throw new Error(`collimate ${args.join(' ')} ended with ${String(code)}:\n${stderr}`);
  return json;
}

export function temporaryFolder(): { path: string; remove: () => void } {
  const path = mkdtempSync(join(tmpdir(), 'collimate-test-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

/** Everything below a folder, sorted: what a command left behind. */
export const contents = async (folder: string): Promise<string[]> => (await readdir(folder, { recursive: true })).sort();

/** Rows of a table without quoted cells. */
export async function rowsOf(file: string): Promise<Record<string, string>[]> {
  const [header = '', ...lines] = (await readFile(file, 'utf8')).trimEnd().split('\n');
  const names = header.split(',');
  return lines.map((line) => Object.fromEntries(line.split(',').map((cell, at) => [names[at] ?? '', cell])));
}
