import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { embed, missingData } from '../learning/tasks';
import { resume, work, type Place } from '../resumable';
import { draws, perform, type Job, type Outcome } from './jobs';
import { tables } from './tables';
import { cards } from './tasks';

/** Seed by seed, so that a run that is broken off has something of everything; what is there already is kept, unless --fresh. */
export async function main(place: Place): Promise<number> {
  const { values } = parseArgs({
    args: [...place.args],
    options: {
      seeds: { type: 'string', default: '40' },
      first: { type: 'string', default: '0' },
      jobs: { type: 'string', default: '2' },
      draws: { type: 'string', default: draws.join() },
      tasks: { type: 'string', default: '' },
      out: { type: 'string', default: join(place.folder, 'outcomes.jsonl') },
      fresh: { type: 'boolean', default: false },
    },
  });
  const missing = missingData(place);
  if (missing !== null) {
    process.stdout.write(`Not run: ${missing}.\n`);
    return 0;
  }
  for (const set of ['kermany224', 'nih']) embed({ root: place.root, folder: join(place.root, '.cache', 'learning') }, set);
  const wanted = values.draws.split(',');
  const named = values.tasks.split(',');
  const jobs = Array.from({ length: Number(values.seeds) }, (_, i) => Number(values.first) + i).flatMap((seed) =>
    cards
      .filter(({ name }) => named.some((part) => name.includes(part)))
      .flatMap(({ name }) => draws.filter((one) => wanted.includes(one)).map((one): Job => ({ draws: one, task: name, seed }))),
  );
  const splitOf = ({ task, seed }: Job) => `${task} ${String(seed)}`;
  const plan = { jobs, splitOf, out: values.out, fresh: values.fresh, processes: Number(values.jobs) };
  const text = tables(await resume<Job, Outcome>(place, plan));
  writeFileSync(values.out.replace(/\.jsonl$/, '.md'), text);
  process.stdout.write(text);
  return 0;
}

await work<Job, Outcome>(perform);
