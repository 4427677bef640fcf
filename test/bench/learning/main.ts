import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { HeadKind } from '../../../src/contract/jobs/trainer';
import { resume, work, type Place } from '../resumable';
import { bars } from './bars';
import { jobsOf, parts, perform, type Job, type Outcome, type Part } from './jobs';
import { embed, missingData } from './tasks';

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
  const splitOf = ({ task, seed }: Job) => `${task} ${String(seed)}`;
  const plan = { jobs, splitOf, out: values.out, fresh: values.fresh, processes: Number(values.jobs) };
  const text = bars(await resume<Job, Outcome>(place, plan));
  writeFileSync(values.out.replace(/\.jsonl$/, '.md'), text);
  process.stdout.write(text);
  return 0;
}

await work<Job, Outcome>(perform);
