import { bisectSlope, ENOUGH, fitPlatt, offsetFor, sigmoid, smoothedMean, smoothedTargets, spread } from './platt';

/** How logits become probabilities: a_k logit_k + c_k, then sigmoid or softmax. In float32's numbers, as they are served. */
export interface Calibration {
  readonly method: 'platt' | 'temperature' | 'none';
  readonly perFinding: readonly string[];
  readonly slope: Float64Array;
  readonly offset: Float64Array;
}

/** Logits with their truth: y [n, findings] 1, 0 or -1 (left out); logits [n, findings], NaN where none was possible. */
export interface Judged {
  readonly n: number;
  readonly findings: number;
  readonly y: Int8Array;
  readonly logits: Float64Array;
}

/** Where logits come from. */
export interface Source {
  /** They hold a prior already (logistic regression, a head that came with the encoder). */
  readonly withPrior: boolean;
  /** Of rows that the head never saw, for a head that was fitted on rows like them. */
  readonly leftOut: boolean;
}

/** Log odds of the labelled prevalence with one of each side added. */
export const priorLogit = (present: number, absent: number) => Math.log((present + 1) / (absent + 1));

/**
 * How much too flat a slope comes out of logits of left-out rows: Platt's smoothed targets, a head that lacks the row, and above all that the
 * queue asks for what is hard to tell. With held-out truth the slope is 1.05 to 1.3 times as steep after random picks, 1.1 to 1.9 times
 * after the queue's; 1.3 lowers the calibration error of four tasks out of six by a tenth to a half and leaves that of the two
 * noisiest about as it is, tuned on either data set (test/bench/learning/README.md).
 */
const TOO_FLAT = 1.3;

export const steepnessOf = ({ leftOut }: Source) => (leftOut ? TOO_FLAT : 1);

/**
 * Multi-label: Platt's sigmoid for findings with ENOUGH of each side; the others share one temperature. The offset is solved last, at the slope that
 * is served, so that the mean probability of the labels is their prevalence whatever the logits are centred on: where they hold the prior of a
 * rare finding, a steeper slope alone makes 7 % out of a prevalence .06 %. `counts` are the labels a finding has.
 */
export function calibrateLabels(
  judged: Judged,
  counts: readonly { present: number; absent: number }[],
  fitted: readonly boolean[],
  source: Source,
): Calibration {
  const { findings } = judged;
  const sides = Array.from({ length: findings }, (_, f) => side(judged, f));
  const centred = sides.map((one, f) => centre(one, priorLogit(counts[f]?.present ?? 0, counts[f]?.absent ?? 0), source));
  let pooled: number | null = null;
  const perFinding = sides.map(({ present, y }, f) => {
    if (!fitted[f]) return 'prior';
    return present >= ENOUGH && y.length - present >= ENOUGH ? 'platt' : 'temperature';
  });
  const slope = new Float64Array(findings).fill(1);
  const offset = new Float64Array(findings);
  perFinding.forEach((how, f) => {
    const { logits, y, present, prior, middle } = centred[f];
    if (how === 'prior') return void (offset[f] = prior);
    if (how === 'temperature') pooled ??= pooledTemperature(centred.filter((_, other) => fitted[other]));
    const a = steepnessOf(source) * (how === 'platt' ? fitPlatt(logits, y).slope : (pooled ?? 1));
    slope[f] = a;
    offset[f] = y.length > 0 ? offsetFor(logits, a, smoothedMean(present, y.length - present)) : prior - a * middle;
  });
  return { method: methodOf(perFinding), perFinding, slope: slope.map(Math.fround), offset: offset.map(Math.fround) };
}

interface Side {
  readonly logits: number[];
  readonly y: number[];
  readonly present: number;
}

function side({ n, findings, y, logits }: Judged, f: number): Side {
  const out: Side = { logits: [], y: [], present: 0 };
  let present = 0;
  for (let i = 0; i < n; i++) {
    const at = i * findings + f;
    if (y[at] < 0 || Number.isNaN(logits[at])) continue;
    out.logits.push(logits[at]);
    out.y.push(y[at]);
    present += y[at];
  }
  return { ...out, present };
}

/** `middle` is the logit that tells nothing, where the probability is that of the prior. */
interface Centred extends Side {
  readonly prior: number;
  readonly middle: number;
}

function centre(one: Side, prior: number, { withPrior }: Source): Centred {
  if (!withPrior) return { ...one, prior, middle: 0 };
  const { y, present, logits } = one;
  return { ...one, prior, middle: prior - (y.length > 0 ? offsetFor(logits, 1, smoothedMean(present, y.length - present)) : 0) };
}

function pooledTemperature(sides: readonly Centred[]): number {
  const used = sides.filter(({ y }) => y.length > 0);
  if (used.length === 0) return 1;
  const derivative = (a: number) => {
    let sum = 0;
    for (const { logits, y, present, prior, middle } of used) {
      const target = smoothedTargets(present, y.length - present);
      logits.forEach((logit, i) => {
        const z = logit - middle;
        sum += (sigmoid(a * z + prior) - (y[i] === 1 ? target.present : target.absent)) * z;
      });
    }
    return sum;
  };
  return bisectSlope(derivative, spread(used.flatMap(({ logits, middle }) => logits.map((logit) => logit - middle))));
}

/** The strongest method that any finding was given. */
export function methodOf(perFinding: readonly string[]): Calibration['method'] {
  if (perFinding.includes('platt')) return 'platt';
  return perFinding.includes('temperature') ? 'temperature' : 'none';
}
