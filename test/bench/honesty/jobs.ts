import type { Split } from '../../../src/trainer/evaluation/simulate';
import type { Sources } from '../learning/tasks';
import { enter, type Entered } from './enter';
import { check, type Checked } from './figures';
import { label } from './labeling';
import { poolOf, splitOf } from './pools';
import { cards } from './tasks';

/** `reserve`: the app's rule. `many`: a reserve of a quarter, so that there are audits for conformal sets. `open`: the rule as it was. */
export const draws = ['reserve', 'many', 'open'] as const;

export interface Job {
  readonly draws: (typeof draws)[number];
  readonly task: string;
  readonly seed: number;
}

export interface Outcome {
  readonly job: Job;
  readonly checked: readonly Checked[];
  readonly entered: readonly Entered[];
}

const CHECKPOINTS = { reserve: [40, 100, 150, 200, 300, 400], many: [100, 200, 300], open: [100, 200, 300] } as const;
/** Running accuracy and learning curve of every so many seeds. */
const TRENDS_EVERY = 5;
const SHARE = { reserve: 0.15, many: 0.25, open: 0.25 } as const;

export async function perform(sources: Sources, job: Job): Promise<Outcome> {
  const card = cards.find(({ name }) => name === job.task);
  if (!card) throw new Error(`no task ${job.task}`);
  const pool = await poolOf(sources, card);
  const { truth } = pool;
  const split: Split = splitOf(pool, job.seed);
  const labeling = {
    truth,
    split,
    draws: job.draws === 'open' ? ('open' as const) : ('reserve' as const),
    share: SHARE[job.draws],
    checkpoints: CHECKPOINTS[job.draws],
    trends: job.draws === 'reserve' && job.seed % TRENDS_EVERY === 0,
  };
  const checked: Checked[] = [];
  const entered: Entered[] = [];
  for await (const standing of label(labeling)) {
    checked.push(await check(truth, split, standing));
    entered.push(await enter(truth, split, standing));
  }
  return { job, checked, entered };
}
