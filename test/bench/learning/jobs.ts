import type { HeadKind, Strategy } from '../../../src/contract/jobs/trainer';
import { protocol, simulate, splitFor, type Protocol, type Run, type Split, type Truth } from '../../../src/trainer/evaluation/simulate';
import { conformal, type Covered } from './conformal';
import { noise, type Noise } from './noise';
import { rareSearch, type Found } from './rare';
import { times, type Times } from './time';
import { taskCards, truthOf, type Sources } from './tasks';

export const parts = [
  'curves',
  'others',
  'several',
  'audit',
  'unread',
  'flips',
  'coldstart',
  'noise',
  'rare',
  'conformal',
  'time',
] as const;
export type Part = (typeof parts)[number];

export interface Job {
  readonly part: Part;
  readonly task: string;
  readonly seed: number;
  readonly head: HeadKind;
  readonly strategy?: Strategy;
  readonly flips?: number;
  readonly images?: number;
  readonly findings?: number;
}

export interface Outcome {
  readonly job: Job;
  readonly run?: Run;
  readonly noise?: Noise;
  readonly rare?: Found;
  readonly conformal?: Covered;
  readonly times?: Times;
}

/** `auto` is what the app does. */
const compared: readonly Strategy[] = ['random', 'auto'];
/** What else was tried, in a part of its own. */
export const others: readonly Strategy[] = ['margin', 'badge', 'dropquery'];

export function jobsOf(wanted: readonly Part[], sets: readonly string[], seeds: number, head: HeadKind, first = 0): Job[] {
  const cards = taskCards.filter(({ set }) => sets.includes(set));
  const out: Job[] = [];
  // Seed by seed, so that a run that is broken off has something of everything.
  for (let seed = first; seed < first + seeds; seed++) {
    for (const card of cards) {
      const of = (part: Part, more: Partial<Job> = {}) => wanted.includes(part) && out.push({ part, task: card.name, seed, head, ...more });
      const bar = card.target !== null;
      for (const strategy of compared) of(bar ? 'curves' : 'several', { strategy });
      for (const strategy of bar ? others : []) of('others', { strategy });
      of('audit', { strategy: 'auto' });
      if (!bar) of('unread', { strategy: 'auto' });
      for (const flips of bar ? [0.05, 0.1] : []) {
        of('flips', { strategy: 'auto', flips });
        of('noise', { flips });
      }
      of('coldstart', { strategy: 'auto' });
      if (bar) of('rare');
    }
  }
  if (wanted.includes('time')) {
    for (const [images, findings] of [
      [3000, 1],
      [3000, 14],
      [10_000, 14],
      [100_000, 14],
    ] as const)
      out.push({ part: 'time', task: `time ${String(images)}`, seed: 0, head, images, findings });
  }
  if (wanted.includes('conformal'))
    for (let seed = 0; seed < 100; seed++)
      for (const { name } of cards.filter(({ target }) => target !== null)) out.push({ part: 'conformal', task: name, seed, head });
  return out;
}

const TIMED_LABELS = 500;
const REPEATS = 40;
let last: { key: string; truth: Truth; split: Split } | null = null;

export async function perform(sources: Sources, job: Job): Promise<Outcome> {
  if (job.part === 'time') return { job, times: await times(job.images ?? 0, job.findings ?? 1, TIMED_LABELS, REPEATS) };
  const card = taskCards.find(({ name }) => name === job.task);
  if (!card) throw new Error(`no task ${job.task}`);
  const key = `${job.task} ${String(job.seed)}`;
  if (last?.key !== key) {
    const truth = await truthOf(sources, card);
    last = { key, truth, split: await splitFor(truth, job.seed, protocol) };
  }
  const { truth, split } = last;
  if (job.part === 'noise') return { job, noise: await noise(truth, split, job.flips ?? 0) };
  if (job.part === 'rare') return { job, rare: await rareSearch(truth, split) };
  if (job.part === 'conformal') return { job, conformal: await conformal(truth, split) };
  const setting: Protocol = {
    ...protocol,
    flips: job.flips ?? 0,
    audit: job.part === 'audit' ? 0.15 : 0,
    unread: job.part === 'unread' ? 0.3 : 0,
    checkpoints: job.part === 'coldstart' ? [20] : protocol.checkpoints,
  };
  return { job, run: await simulate(truth, split, job.strategy ?? 'auto', job.head, setting) };
}
