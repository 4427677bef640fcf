import { fork } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { HeadKind } from '../../../src/contract/jobs/trainer';
import { unwrap } from '../../../src/contract/result';
import { startNodeBackend } from '../../../src/trainer/host/node';
import { bars } from './bars';
import { jobsOf, parts, perform, type Job, type Outcome, type Part } from './jobs';
import { embed, missingData } from './tasks';

interface Place {
  readonly root: string;
  readonly folder: string;
  /** This bundle, to start again as a child process. */
  readonly file: string;
  readonly args: readonly string[];
}

/** Seeds are divided among child processes; results that are there already are kept, unless --fresh. */
export async function main(place: Place): Promise<number> {
  const { values } = parseArgs({
    args: [...place.args],
    options: {
      seeds: { type: 'string', default: '40' },
      first: { type: 'string', default: '0' },
      jobs: { type: 'string', default: '2' },
      parts: { type: 'string', default: parts.filter((part) => part !== 'others').join() },
      head: { type: 'string', default: 'auto' },
      sets: { type: 'string', default: 'kermany224,nih' },
      out: { type: 'string', default: join(place.folder, 'outcomes.jsonl') },
      fresh: { type: 'boolean', default: false },
    },
  });
  const missing = missingData(place);
  if (missing !== null) {
    process.stdout.write(`Not run: ${missing}.\n`);
    return 0;
  }
  const sets = values.sets.split(',');
  for (const set of sets) embed(place, set);
  const wanted = values.parts.split(',').filter((part): part is Part => (parts as readonly string[]).includes(part));
  const jobs = jobsOf(wanted, sets, Number(values.seeds), HeadKind.parse(values.head), Number(values.first));
  const done = values.fresh ? [] : read(values.out);
  const known = new Set(done.map(({ job }) => JSON.stringify(job)));
  const open = jobs.filter((job) => !known.has(JSON.stringify(job)));
  writeFileSync(values.out, done.map((one) => `${JSON.stringify(one)}\n`).join(''));
  await Promise.all(Array.from({ length: Number(values.jobs) }, () => worker(place, open, jobs.length, values.out)));
  const asked = new Set(jobs.map((job) => JSON.stringify(job)));
  const outcomes = read(values.out).filter(({ job }) => asked.has(JSON.stringify(job)));
  const text = bars(outcomes);
  writeFileSync(values.out.replace(/\.jsonl$/, '.md'), text);
  process.stdout.write(text);
  return 0;
}

const splitOf = ({ task, seed }: Job) => `${task} ${String(seed)}`;

const read = (file: string): Outcome[] =>
  existsSync(file)
    ? readFileSync(file, 'utf8')
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as Outcome)
    : [];

function worker(place: Place, open: Job[], total: number, out: string): Promise<void> {
  return new Promise((finished, failed) => {
    const child = fork(place.file, ['--work', place.root, place.folder]);
    let at = '';
    const next = () => {
      // Jobs of one split go to one process, which then makes its basis once.
      const same = open.findIndex((job) => splitOf(job) === at);
      const [job] = open.splice(Math.max(0, same), 1);
      at = job ? splitOf(job) : '';
      if (job) child.send(job);
      else child.disconnect();
    };
    child.on('message', (outcome: Outcome) => {
      writeFileSync(out, `${JSON.stringify(outcome)}\n`, { flag: 'a' });
      process.stderr.write(`\r${String(total - open.length)} of ${String(total)} `);
      next();
    });
    child.on('error', failed);
    child.on('exit', (code) => (code === 0 ? finished() : failed(new Error(`a child process ended with ${String(code)}`))));
    next();
  });
}

const [, , mode, root, folder] = process.argv;
if (mode === '--work' && root !== undefined && folder !== undefined) {
  unwrap(await startNodeBackend({ backend: 'wasm', wasmFolder: join(root, 'node_modules/@tensorflow/tfjs-backend-wasm/dist/') }));
  process.on('message', (job: Job) => {
    void perform({ root, folder }, job).then((outcome) => process.send?.(outcome));
  });
}
