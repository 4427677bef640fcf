import type { HeadKind, LabelDelta, Settings, SnapshotBase, Strategy } from '../../contract/jobs/trainer';
import { defaultSettings, StateCode } from '../../contract/jobs/trainer';
import type { Task } from '../../contract/model';
import { isReservedKey, reserveKey } from '../../contract/reserve';
import { unwrap } from '../../contract/result';
import { buildBasis, transformRows, type Basis } from '../basis';
import { learn, prepare, queueOf, type Learnt } from '../engine';
import { calibratedByHead, logitsOfFeatures } from '../heads/formula';
import { takeRows, type Matrix } from '../matrix';
import { random } from '../random';
import { holdOut } from '../splits';
import { brier, calibrationBins, calibrationErrorByChance, expectedCalibrationError, logLoss } from './probability';
import { auroc, averagePrecision } from './ranking';

/** A pool whose truth is known: embeddings [N, d], truth [N, findings] 1, 0 or -1 (nobody knows), patients. */
export interface Truth {
  readonly name: string;
  readonly task: Task;
  readonly findings: readonly string[];
  readonly embeddings: Matrix;
  /** Of the encoder's card. */
  readonly pooling?: string | undefined;
  readonly states: Int8Array;
  readonly groups: Int32Array;
}

export interface Protocol {
  readonly batch: number;
  /** Numbers of labels at which the head is judged, ascending; the last one ends the run. */
  readonly checkpoints: readonly number[];
  /** Share of the patients held back for judging. */
  readonly held: number;
  readonly components: number;
  readonly folds: number;
  /** Share of the pool's patients that is reserved, and of queries that ask for one of them (kept out of training, counted as labels). */
  readonly audit: number;
  /** Share of answers that are wrong. */
  readonly flips: number;
  /** Share of cells that are not read (multi-label). */
  readonly unread: number;
}

export const protocol: Protocol = {
  batch: 10,
  checkpoints: [10, 20, 30, 50, 75, 100, 150, 200, 300],
  held: 0.4,
  components: defaultSettings.components,
  folds: defaultSettings.folds,
  audit: 0,
  flips: 0,
  unread: 0,
};

export interface Point {
  readonly labels: number;
  /** Means over the findings that have both sides on the held-out patients; null without a head. */
  readonly auroc: number | null;
  readonly ap: number | null;
  readonly brier: number | null;
  readonly logLoss: number | null;
  readonly ece: number | null;
  /** What the Brier score would be of always answering the prevalence, and the error of calibration by chance alone (95 % quantile). */
  readonly brierOfPrevalence: number | null;
  readonly eceByChance: number | null;
  /** Labels present of each finding. */
  readonly present: readonly number[];
  /** Time of the round that led here. */
  readonly seconds: number;
  readonly kind: string;
}

export interface Run {
  readonly task: string;
  readonly strategy: Strategy;
  readonly head: HeadKind;
  readonly seed: number;
  /** Share of present of each finding among the answers there are. */
  readonly prevalence: readonly number[];
  readonly points: readonly Point[];
}

/** One division of a pool by patient with its basis: shared by all strategies and heads of a seed. */
export interface Split {
  readonly seed: number;
  readonly pool: Int32Array;
  readonly held: Int32Array;
  readonly embeddings: Matrix;
  readonly basis: Basis;
  /** The held-out rows in the pool's feature space. */
  readonly judged: Matrix;
}

export async function splitFor(truth: Truth, seed: number, { held: share, components }: Protocol): Promise<Split> {
  const { pool, held } = holdOut(truth.groups, share, seed);
  const embeddings = takeRows(truth.embeddings, pool);
  const basis = await buildBasis(embeddings, seed, components, { pooling: truth.pooling });
  return { seed, pool, held, embeddings, basis, judged: await transformRows(takeRows(truth.embeddings, held), basis.transform) };
}

/** Labels the pool by a strategy, in batches, the truth answering, and judges the very head that chose. */
export async function simulate(truth: Truth, split: Split, strategy: Strategy, head: HeadKind, setting: Protocol): Promise<Run> {
  const base = baseOf(truth, split, strategy, head, setting);
  const answer = annotator(truth, split, setting);
  const labels: LabelDelta[] = [];
  const points: Point[] = [];
  const last = Math.min(setting.checkpoints.at(-1) ?? 0, split.pool.length);
  let learnt: Learnt | null = null;
  for (let count = 0; count < last;) {
    const started = performance.now();
    const prepared = unwrap(await prepare({ base, labels }, split.embeddings, split.basis));
    const queue = await queueOf(prepared, learnt);
    const next = setting.checkpoints.find((checkpoint) => checkpoint > count) ?? last;
    for (const { row, audit } of queue.slice(0, Math.min(setting.batch, next - count))) labels.push(...answer(row, audit, count++));
    const due = count === next || count >= last;
    // Random picks ask no head.
    if (due || strategy !== 'random') {
      const result = await learn(unwrap(await prepare({ base, labels }, split.embeddings, split.basis)), '');
      learnt = result.ok ? result.value : null;
    }
    const seconds = (performance.now() - started) / 1000;
    if (due) {
      const present = truth.findings.map(
        (_, f) => labels.filter(({ finding, state }) => finding === f && state === StateCode.present).length,
      );
      points.push({ labels: count, ...(await judge(truth, split, learnt)), present, seconds });
    }
    if (queue.length === 0) break;
  }
  return { task: truth.name, strategy, head, seed: split.seed, prevalence: prevalenceOf(truth), points };
}

function prevalenceOf({ findings, states }: Truth): number[] {
  return findings.map((_, f) => {
    const known = states.filter((state, at) => at % findings.length === f && state >= 0);
    return known.reduce((sum, state) => sum + state, 0) / Math.max(1, known.length);
  });
}

function baseOf(truth: Truth, split: Split, strategy: Strategy, head: HeadKind, setting: Protocol): SnapshotBase {
  const settings: Settings = {
    head,
    strategy,
    queueSize: setting.batch,
    components: setting.components,
    audit: { share: setting.audit, from: defaultSettings.audit.from },
    folds: setting.folds,
  };
  return {
    encoder: { id: 'simulated', name: 'simulated', d: truth.embeddings.columns },
    ...(truth.pooling === undefined ? {} : { pooling: truth.pooling }),
    task: truth.task,
    findings: [...truth.findings],
    seed: split.seed,
    settings,
    embeddings: Array.from(split.pool, String),
    groups: split.pool.map((row) => truth.groups[row]),
    reserved: Uint8Array.from(split.pool, (row) =>
      isReservedKey(reserveKey('', String(truth.groups[row])), split.seed, setting.audit) ? 1 : 0,
    ),
  };
}

/** Answers by the truth, with flips and unread cells decided per row, whatever the order of asking. */
function annotator(truth: Truth, split: Split, { flips, unread }: Protocol) {
  const k = truth.findings.length;
  return (row: number, audit: boolean, seq: number): LabelDelta[] => {
    const draw = random(split.seed, `answer ${row}`);
    const from = split.pool[row] * k;
    const states = Array.from(truth.states.subarray(from, from + k));
    if (truth.task === 'multiclass') {
      if (draw.uniform() < flips) {
        const wrong = draw.integer(k - 1);
        const right = states.indexOf(1);
        states.forEach((_, f) => (states[f] = f === (wrong < right ? wrong : wrong + 1) ? 1 : 0));
      }
    } else {
      states.forEach((state, f) => {
        const [flip, skip] = [draw.uniform() < flips, draw.uniform() < unread];
        if (state >= 0 && flip) states[f] = 1 - state;
        if (skip) states[f] = StateCode.none;
      });
    }
    return states.map((state, finding) => ({ row, finding, state, use: audit ? 'audit' : 'train', seq }));
  };
}

const nothing = { auroc: null, ap: null, brier: null, logLoss: null, ece: null, brierOfPrevalence: null, eceByChance: null } as const;
type Figure = keyof typeof nothing;

/** Figures on the held-out patients: means over the findings that have both sides there. */
async function judge(truth: Truth, split: Split, learnt: Learnt | null): Promise<Omit<Point, 'labels' | 'present' | 'seconds'>> {
  if (learnt === null) return { ...nothing, kind: 'none' };
  const logits = await logitsOfFeatures(learnt.head, split.judged);
  const probabilities = calibratedByHead(learnt.head, logits);
  const k = truth.findings.length;
  const figures: Record<Figure, number>[] = [];
  for (let f = 0; f < k; f++) {
    const ranks: number[] = [];
    const p: number[] = [];
    const y: number[] = [];
    split.held.forEach((row, i) => {
      const state = truth.states[row * k + f];
      if (state < 0) return;
      // A sigmoid keeps the order of its logits, but saturates in float32; a softmax has no such logit.
      ranks.push(truth.task === 'multilabel' ? logits[i * k + f] : probabilities[i * k + f]);
      p.push(probabilities[i * k + f]);
      y.push(state);
    });
    const area = auroc(ranks, y);
    const ap = averagePrecision(ranks, y);
    if (area === null || ap === null) continue;
    const prevalence = y.reduce((sum, state) => sum + state, 0) / y.length;
    figures.push({
      auroc: area,
      ap,
      brier: brier(p, y),
      logLoss: logLoss(p, y),
      ece: expectedCalibrationError(calibrationBins(p, y)),
      brierOfPrevalence: prevalence * (1 - prevalence),
      eceByChance: calibrationErrorByChance(p, split.seed),
    });
  }
  if (figures.length === 0) return { ...nothing, kind: learnt.head.file.kind };
  const mean = (name: Figure) => figures.reduce((sum, one) => sum + one[name], 0) / figures.length;
  return {
    auroc: mean('auroc'),
    ap: mean('ap'),
    brier: mean('brier'),
    logLoss: mean('logLoss'),
    ece: mean('ece'),
    brierOfPrevalence: mean('brierOfPrevalence'),
    eceByChance: mean('eceByChance'),
    kind: learnt.head.file.kind,
  };
}
