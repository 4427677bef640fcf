import { fork } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { unwrap } from '../../src/contract/result';
import { startNodeBackend } from '../../src/trainer/host/node';

export interface Place {
  readonly root: string;
  /** Where what is kept lies. */
  readonly folder: string;
  /** This bundle, to start again as a child process. */
  readonly file: string;
  readonly args: readonly string[];
}

export interface Plan<Job> {
  readonly jobs: readonly Job[];
  /** Jobs with the same split go to one process, which then makes its basis once. */
  readonly splitOf: (job: Job) => string;
  /** One outcome a line; what is there already is not done again. */
  readonly out: string;
  readonly fresh: boolean;
  readonly processes: number;
}

/** Divides jobs among child processes; the outcomes of `jobs`, also of earlier runs. */
export async function resume<Job, Outcome extends { readonly job: Job }>(place: Place, plan: Plan<Job>): Promise<Outcome[]> {
  const done = plan.fresh ? [] : read<Outcome>(plan.out);
  const known = new Set(done.map(({ job }) => JSON.stringify(job)));
  const open = plan.jobs.filter((job) => !known.has(JSON.stringify(job)));
  writeFileSync(plan.out, done.map((one) => `${JSON.stringify(one)}\n`).join(''));
  await Promise.all(Array.from({ length: plan.processes }, () => worker(place, open, plan)));
  const asked = new Set(plan.jobs.map((job) => JSON.stringify(job)));
  return read<Outcome>(plan.out).filter(({ job }) => asked.has(JSON.stringify(job)));
}

const read = <Outcome>(file: string): Outcome[] =>
  existsSync(file)
    ? readFileSync(file, 'utf8')
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as Outcome)
    : [];

function worker<Job>(place: Place, open: Job[], { jobs, out, splitOf }: Plan<Job>): Promise<void> {
  return new Promise((finished, failed) => {
    const child = fork(place.file, ['--work', place.root, place.folder]);
    let at = '';
    const next = () => {
      const same = open.findIndex((job) => splitOf(job) === at);
      const [job] = open.splice(Math.max(0, same), 1);
      at = job ? splitOf(job) : '';
      if (job) child.send(job as object);
      else child.disconnect();
    };
    child.on('message', (outcome) => {
      writeFileSync(out, `${JSON.stringify(outcome)}\n`, { flag: 'a' });
      process.stderr.write(`\r${String(jobs.length - open.length)} of ${String(jobs.length)} `);
      next();
    });
    child.on('error', failed);
    child.on('exit', (code) => (code === 0 ? finished() : failed(new Error(`a child process ended with ${String(code)}`))));
    next();
  });
}

/** In a child process: performs what it is sent, on the wasm backend. Does nothing in the process that started it. */
export async function work<Job, Outcome>(perform: (place: Pick<Place, 'root' | 'folder'>, job: Job) => Promise<Outcome>): Promise<void> {
  const [, , mode, root, folder] = process.argv;
  if (mode !== '--work' || root === undefined || folder === undefined) return;
  unwrap(await startNodeBackend({ backend: 'wasm', wasmFolder: join(root, 'node_modules/@tensorflow/tfjs-backend-wasm/dist/') }));
  process.on('message', (job: Job) => {
    void perform({ root, folder }, job).then((outcome) => process.send?.(outcome));
  });
}
