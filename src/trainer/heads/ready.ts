import { encoderLabel, isSameEncoder } from '../../contract/encoder-identity';
import type { Head, HeadFile, Tensor } from '../../contract/head';
import type { SnapshotBase } from '../../contract/jobs/trainer';
import type { Task } from '../../contract/model';
import { fail, ok, type Result } from '../../contract/result';
import { calibrateLabels, methodOf, type Calibration, type Judged } from '../calibration/calibrate';
import { calibrateClasses } from '../calibration/classes';
import { countStates, type Targets } from '../labels';
import type { Matrix } from '../matrix';
import { clearlyBetter } from './evidence';
import type { FittedHead } from './fit';
import { calibrated, linear, tensorOf } from './formula';
import { headId } from '../../contract/head-identity';

/** Labels of a finding below which a fitted head is not compared with the ready one: the difference would be luck. */
const ENOUGH_TO_COMPARE = 10;

/** The head that came with the encoder's file, over the project's findings. */
export interface ReadyHead {
  /** [K, d] and [K] on embeddings as they are; zero where the head does not know the finding. */
  readonly weight: Float32Array;
  readonly bias: Float32Array;
  readonly known: readonly boolean[];
  /** Of every row of the pool [N, K]. */
  readonly logits: Float32Array;
  /** That head by itself, as it came: what is proposed before any label. */
  readonly alone: Head;
}

/** Where the ready head speaks, beside a fitted one, and how it is calibrated there; elsewhere slope and offset mean nothing. */
export interface Serving {
  readonly findings: readonly boolean[];
  readonly calibration: Calibration;
}

let last: { readonly source: SnapshotBase['ready']; readonly rows: Matrix; readonly ready: ReadyHead } | null = null;

/** The base's ready head on the pool `rows` [N, d]; null without one. Kept while neither changes. Failures: head-foreign, head-invalid. */
export async function readyHeadOf(base: SnapshotBase, rows: Matrix): Promise<Result<ReadyHead | null>> {
  const source = base.ready;
  if (!source) return ok(null);
  if (last?.source === source && last.rows === rows) return ok(last.ready);
  const { file, tensors, columns } = source;
  if (!isSameEncoder(file.encoder.id, base.encoder.id))
    return fail('head-foreign', { found: encoderLabel(base.encoder), expected: encoderLabel(file.encoder) });
  if (file.projection !== null || file.unit === true || columns.length !== base.findings.length || file.task !== base.task) {
    return fail('head-invalid', { folder: file.encoder.name, reason: 'it is none that can be used as it is' });
  }
  const { weight, bias } = folded({ file, tensors }, columns);
  const logits = await linear(rows, weight, bias);
  const known = columns.map((column) => column !== null);
  const ready = { weight, bias, known, logits, alone: await alone(base, file, weight, bias, known) };
  last = { source, rows, ready };
  return ok(ready);
}

/** a ((x - mean) / scale w + b) + c of the file as one product with x, in the project's columns. */
function folded(head: Head, columns: readonly (number | null)[]): { weight: Float32Array; bias: Float32Array } {
  const [mean, scale, w, b, slope, offset] = (
    ['scaling.mean', 'scaling.scale', 'weight', 'bias', 'calibration.slope', 'calibration.offset'] as const
  ).map((name) => tensorOf(head, name).data) as [Float32Array, Float32Array, Float32Array, Float32Array, Float32Array, Float32Array];
  const d = mean.length;
  const weight = new Float32Array(columns.length * d);
  const bias = new Float32Array(columns.length);
  columns.forEach((column, f) => {
    if (column === null) return;
    const a = slope[column];
    let constant = b[column];
    for (let c = 0; c < d; c++) {
      const value = w[column * d + c] / scale[c];
      constant -= value * mean[c];
      weight[f * d + c] = a * value;
    }
    bias[f] = a * constant + offset[column];
  });
  return { weight, bias };
}

async function alone(base: SnapshotBase, source: HeadFile, weight: Float32Array, bias: Float32Array, known: boolean[]): Promise<Head> {
  const k = base.findings.length;
  const { d } = base.encoder;
  const filled = (n: number, value: number): Tensor => ({ shape: [n], data: new Float32Array(n).fill(value) });
  const tensors: Record<string, Tensor> = {
    'scaling.mean': filled(d, 0),
    'scaling.scale': filled(d, 1),
    weight: { shape: [k, d], data: new Float32Array(k * d) },
    bias: filled(k, 0),
    'ready.weight': { shape: [k, d], data: weight },
    'ready.bias': { shape: [k], data: bias },
    'calibration.slope': filled(k, 1),
    'calibration.offset': filled(k, 0),
  };
  const file: Omit<HeadFile, 'id'> = {
    ...source,
    task: base.task,
    findings: base.findings,
    encoder: base.encoder,
    ready: { head: source.id, findings: known },
    calibration: { method: 'none', perFinding: known.map((one) => (one ? 'none' : 'unknown')) },
    prior: { source: 'labels', values: known.map(() => 0.5), n: 0 },
    regularisation: null,
    labels: { hash: '', count: 0, perFinding: known.map(() => ({ present: 0, absent: 0 })) },
  };
  return { file: { ...file, id: await headId(file, tensors) }, tensors };
}

/**
 * Where the ready head goes on speaking beside the fitted one: for every finding that it knows, until the fitted head's out-of-fold log
 * loss on the labelled images is lower by more than one standard error. From labels on both sides on the ready logits are calibrated on those
 * labels, by the rules of the fitted head; they never saw them, so nothing has to be left out. Multi-class: for all classes or for none.
 */
export async function servingOf(ready: ReadyHead, fitted: FittedHead, task: Task): Promise<Serving> {
  const { targets, outOfFold } = fitted;
  const k = targets.findings;
  const logits = new Float64Array(targets.y.length).fill(NaN);
  targets.rows.forEach((row, i) => {
    for (let f = 0; f < k; f++) if (ready.known[f]) logits[i * k + f] = ready.logits[row * k + f];
  });
  const calibration = await calibrate({ n: targets.rows.length, findings: k, y: targets.y, logits }, targets, ready.known, task);
  const own = calibrated(task, calibration.slope, calibration.offset, logits);
  const beaten = (f: number | null) =>
    labelsOf(targets, f) >= ENOUGH_TO_COMPARE && clearlyBetter(targets, task, outOfFold.probabilities, own, f);
  const all = task === 'multiclass' ? !beaten(null) : null;
  return { findings: ready.known.map((known, f) => known && (all ?? !beaten(f))), calibration };
}

function labelsOf(targets: Targets, finding: number | null): number {
  if (finding === null) return targets.rows.length;
  const { present, absent } = countStates(targets, finding);
  return present + absent;
}

/** It never saw the labels, so that nothing is left out. */
const SOURCE = { withPrior: true, leftOut: false };

/** As it came where the labels show one side only. */
async function calibrate(judged: Judged, targets: Targets, known: readonly boolean[], task: Task): Promise<Calibration> {
  const counts = known.map((_, f) => countStates(targets, f));
  const both = counts.map(({ present, absent }, f) => known[f] && present > 0 && absent > 0);
  if (task === 'multiclass') {
    if (both.every(Boolean)) {
      const presents = counts.map(({ present }) => present);
      return calibrateClasses(
        judged,
        presents,
        presents.map((_, f) => f),
        SOURCE,
      );
    }
    return asItCame(known);
  }
  const made = calibrateLabels(judged, counts, both, SOURCE);
  const none = asItCame(known);
  return {
    method: made.method,
    perFinding: made.perFinding.map((how, f) => (both[f] ? how : none.perFinding[f])),
    slope: made.slope.map((a, f) => (both[f] ? a : 1)),
    offset: made.offset.map((c, f) => (both[f] ? c : 0)),
  };
}

const asItCame = (known: readonly boolean[]): Calibration => ({
  method: 'none',
  perFinding: known.map((one) => (one ? 'none' : 'unknown')),
  slope: new Float64Array(known.length).fill(1),
  offset: new Float64Array(known.length),
});

/** The fitted head's out-of-fold probabilities with those of the ready head where that one speaks: what the figures judge is what is shown. */
export function withServed(fitted: FittedHead, ready: ReadyHead, { findings, calibration }: Serving, task: Task): FittedHead {
  const { targets, outOfFold } = fitted;
  const k = targets.findings;
  const logits = new Float64Array(targets.y.length);
  targets.rows.forEach((row, i) => {
    for (let f = 0; f < k; f++) logits[i * k + f] = ready.logits[row * k + f];
  });
  const own = calibrated(task, calibration.slope, calibration.offset, logits);
  const probabilities = outOfFold.probabilities.map((p, i) => (findings[i % k] ? own[i] : p));
  return { ...fitted, outOfFold: { targets, probabilities } };
}

/** Puts the ready head into the tensors of a fitted one, for the findings that it serves, and says what the file says of it. */
export function putServed(
  tensors: Record<string, Tensor>,
  ready: ReadyHead,
  { findings, calibration }: Serving,
  fitted: Pick<Calibration, 'perFinding'>,
): { ready: NonNullable<HeadFile['ready']>; calibration: Pick<Calibration, 'method' | 'perFinding'> } {
  const d = ready.weight.length / findings.length;
  const ofServed = (values: Float32Array, length: number) => values.map((value, i) => (findings[Math.floor(i / length)] ? value : 0));
  tensors['ready.weight'] = { shape: [findings.length, d], data: ofServed(ready.weight, d) };
  tensors['ready.bias'] = { shape: [findings.length], data: ofServed(ready.bias, 1) };
  const [slope, offset] = [tensors['calibration.slope'], tensors['calibration.offset']].map((tensor) => tensor?.data ?? new Float32Array());
  const perFinding = findings.map((served, f) => {
    if (!served || !slope || !offset) return fitted.perFinding[f] ?? '';
    const how = calibration.perFinding[f] ?? '';
    slope[f] = calibration.slope[f];
    offset[f] = calibration.offset[f];
    return how;
  });
  return {
    ready: { head: ready.alone.file.ready?.head ?? '', findings: [...findings] },
    calibration: { method: methodOf(perFinding), perFinding },
  };
}
