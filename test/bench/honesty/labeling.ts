import { defaultSettings, type LabelDelta, type QueueEntry, type Round, type SnapshotBase } from '../../../src/contract/jobs/trainer';
import { isReservedKey, reserveKey } from '../../../src/contract/reserve';
import { unwrap } from '../../../src/contract/result';
import { acceptanceFor, fullRound, learn, prepare, queueOf, type Learnt, type Prepared } from '../../../src/trainer/engine';
import { metrics } from '../../../src/trainer/evaluation/metrics';
import type { PrequentialCache } from '../../../src/trainer/evaluation/prequential';
import type { Split, Truth } from '../../../src/trainer/evaluation/simulate';
import { calibratedByHead, logitsOfFeatures } from '../../../src/trainer/heads/formula';
import { random } from '../../../src/trainer/random';

/** `reserve`: as the app. `open`: as it was, images from what the queue has left over. */
export type Draws = 'reserve' | 'open';

export interface Labeling {
  readonly truth: Truth;
  readonly split: Split;
  readonly draws: Draws;
  /** Of patients and of queries. */
  readonly share: number;
  readonly checkpoints: readonly number[];
  /** Whether the running accuracy and the learning curve are computed as well, which takes four times as long. */
  readonly trends: boolean;
}

/** Where a person stands after so many answers. */
export interface Standing {
  readonly labels: readonly LabelDelta[];
  readonly count: number;
  readonly prepared: Prepared;
  readonly round: Pick<Round, 'metrics' | 'acceptance' | 'probabilities'>;
  readonly learnt: Learnt;
}

const FROM = defaultSettings.audit.from;

export function baseOf({ truth, split, draws, share }: Omit<Labeling, 'checkpoints' | 'trends'>): SnapshotBase {
  const reserved = split.pool.map((row) =>
    draws === 'reserve' && isReservedKey(reserveKey('', String(truth.groups[row])), split.seed, share) ? 1 : 0,
  );
  return {
    encoder: { id: 'simulated', name: 'simulated', d: split.embeddings.columns },
    ...(truth.pooling === undefined ? {} : { pooling: truth.pooling }),
    task: truth.task,
    findings: [...truth.findings],
    seed: split.seed,
    settings: { ...defaultSettings, head: 'gda', audit: { share: draws === 'reserve' ? share : 0, from: FROM } },
    embeddings: Array.from(split.pool, String),
    groups: split.pool.map((row) => truth.groups[row] ?? row),
    reserved: Uint8Array.from(reserved),
  };
}

/** The app's queue and head, the truth answering, and the full round at each checkpoint; ends early where the pool does. */
export async function* label(labeling: Labeling): AsyncGenerator<Standing> {
  const { truth, split, checkpoints } = labeling;
  const base = baseOf(labeling);
  const oldDraws = labeling.draws === 'open' ? drawsFromOpen(labeling) : null;
  const labels: LabelDelta[] = [];
  const answered = new Set<number>();
  const cache: PrequentialCache = new Map();
  let learnt: Learnt | null = null;
  let judged: Learnt | null = null;
  const preparedNow = async () => unwrap(await prepare({ base, labels }, split.embeddings, split.basis));
  for (let count = 0, prepared = await preparedNow(); count < (checkpoints.at(-1) ?? 0);) {
    const queue = await queueOf(prepared, learnt);
    if (queue.length === 0) return;
    const next = checkpoints.find((checkpoint) => checkpoint > count) ?? count;
    for (const { row, audit } of taken(queue, Math.min(count < 100 ? 10 : 20, next - count), answered, count, oldDraws)) {
      answered.add(row);
      const states = truth.states.subarray((split.pool[row] ?? 0) * truth.findings.length);
      const use = audit ? { use: 'audit' as const, blind: true } : { use: 'train' as const };
      labels.push(...truth.findings.map((_, finding): LabelDelta => ({ row, finding, state: states[finding] ?? -1, ...use, seq: count })));
      count++;
    }
    prepared = await preparedNow();
    if (count === next) {
      const standing = await stand(prepared, cache, judged, labeling.trends);
      judged = learnt = standing?.learnt ?? null;
      if (standing) yield { labels, count, prepared, ...standing };
      continue;
    }
    const result = await learn(prepared, '');
    learnt = result.ok ? result.value : null;
  }
}

/** The app's full round, or what it says without its trends. */
async function stand(prepared: Prepared, cache: PrequentialCache, before: Learnt | null, trends: boolean) {
  if (trends) {
    const { round, learnt } = await fullRound(prepared, 1, '', cache, undefined, before);
    return learnt && { round, learnt };
  }
  const result = await learn(prepared, '');
  if (!result.ok) return null;
  const acceptance = await acceptanceFor(prepared, result.value, before);
  const learnt = { ...result.value, acceptance };
  const { head, fitted } = learnt;
  const probabilities = calibratedByHead(head, await logitsOfFeatures(head, prepared.basis.features));
  const { snapshot, table } = prepared;
  const trend = { learningCurve: null, stop: null };
  return {
    learnt,
    round: { probabilities, acceptance, metrics: metrics({ base: snapshot.base, table, fitted, probabilities, prequential: null, trend }) },
  };
}

/** The next images: the queue's, and, where the old rule is simulated, its audits in some places. */
function* taken(
  queue: readonly QueueEntry[],
  size: number,
  answered: ReadonlySet<number>,
  count: number,
  old: ReturnType<typeof drawsFromOpen> | null,
) {
  const own = new Set<number>();
  let at = 0;
  for (let place = 0; place < size; place++) {
    const drawn = old?.(count + place, (row) => answered.has(row) || own.has(row));
    while (drawn === undefined && own.has(queue[at]?.row ?? -1)) at++;
    const next = drawn === undefined ? queue[at++] : { row: drawn, audit: true };
    if (!next) return;
    own.add(next.row);
    yield next;
  }
}

/** Audits as they were: from the 30th label on some places, filled with the first open image in one order of the pool. */
function drawsFromOpen({ split, share }: Labeling) {
  const order = random(split.seed, 'audit order').shuffle(Int32Array.from(split.pool.keys()));
  return (ordinal: number, closed: (row: number) => boolean): number | undefined =>
    ordinal >= FROM && random(split.seed, `audit place ${String(ordinal)}`).uniform() < share
      ? order.find((row) => !closed(row))
      : undefined;
}
