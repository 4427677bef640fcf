import { minimise } from '../heads/lbfgs';
import { methodOf, steepnessOf, type Calibration, type Judged, type Source } from './calibrate';
import { bisectSlope, ENOUGH, spread } from './platt';

/** A class that no label has shown yet: its probability is as good as nothing, without an infinity in the file. */
const UNSEEN = -30;

/**
 * Multi-class: one slope, fitted together with an offset per class where every class seen has ENOUGH labels. The offsets are solved last, at the slope that
 * is served, so that the mean probability of each class over the labels is its share. `seen`: classes with labels; `counts`: how many.
 */
export async function calibrateClasses(
  judged: Judged,
  counts: readonly number[],
  seen: readonly number[],
  source: Source,
): Promise<Calibration> {
  const { findings } = judged;
  const total = seen.reduce((sum, f) => sum + (counts[f] ?? 0), 0);
  const prior = seen.map((f) => Math.log(((counts[f] ?? 0) + 1) / (total + seen.length)));
  const rows = classRows(judged, seen);
  const held = seen.map((_, s) => rows.filter((row) => row.truth === s).length);
  const targets = held.map((count) => ({ own: (count + 1) / (count + seen.length), other: 1 / (count + seen.length) }));
  const solve = (slope: number | null, offsets: readonly number[], start = 1) => solveClasses(rows, targets, slope, offsets, start);

  // The logits that tell nothing, where the probabilities are those of the prior.
  const middle = source.withPrior ? (await solve(1, prior)).offsets.map((c, s) => prior[s] - c) : prior.map(() => 0);
  const unit = 1 / spread(rows.flatMap((row) => row.logits));
  const derivative = (a: number) => {
    let sum = 0;
    for (const { logits, truth } of rows) {
      const z = logits.map((logit, s) => logit - middle[s]);
      const p = softmax(z.map((value, s) => a * value + prior[s]));
      p.forEach((value, s) => (sum += (value - target(targets, truth, s)) * z[s]));
    }
    return sum;
  };
  let a = rows.length > 0 ? bisectSlope(derivative, 1 / unit) : 1;
  const enough = held.every((count) => count >= ENOUGH);
  if (enough) {
    const joint = await solve(
      null,
      prior.map((c, s) => c - a * middle[s]),
      a,
    );
    if (joint.slope > 1e-3 * unit) a = joint.slope;
  }
  a *= steepnessOf(source);
  const { offsets } = await solve(
    a,
    prior.map((c, s) => c - a * middle[s]),
  );
  const slope = new Float64Array(findings).fill(1);
  const offset = new Float64Array(findings).fill(UNSEEN);
  seen.forEach((f, s) => {
    slope[f] = Math.fround(a);
    offset[f] = Math.fround(offsets[s] ?? 0);
  });
  const perFinding = Array.from({ length: findings }, (_, f) => (!seen.includes(f) ? 'unseen' : enough ? 'platt' : 'temperature'));
  return { method: methodOf(perFinding), perFinding, slope, offset };
}

interface ClassRow {
  readonly logits: readonly number[];
  readonly truth: number;
}

type ClassTargets = readonly { own: number; other: number }[];

/** Least log loss over the offsets, and over the slope as well where none is given (null). Without rows they stay what they are. */
async function solveClasses(
  rows: readonly ClassRow[],
  targets: ClassTargets,
  slope: number | null,
  offsets: readonly number[],
  start: number,
): Promise<{ slope: number; offsets: number[] }> {
  if (rows.length === 0) return { slope: slope ?? start, offsets: [...offsets] };
  const unit = 1 / spread(rows.flatMap(({ logits }) => logits));
  const at = Float64Array.from([(slope ?? start) / unit, ...balanced(rows, targets, slope ?? start, offsets)]);
  await minimise(
    {
      problems: 1,
      size: at.length,
      evaluate: (x, values, gradient) => {
        gradient.fill(0);
        let loss = 0;
        for (const { logits, truth } of rows) {
          const z = logits.map((logit, s) => x[0] * unit * logit + x[s + 1]);
          const p = softmax(z);
          const top = Math.max(...z);
          const whole = top + Math.log(z.reduce((sum, value) => sum + Math.exp(value - top), 0));
          p.forEach((value, s) => {
            const wanted = target(targets, truth, s);
            loss += (wanted * (whole - z[s])) / rows.length;
            const d = (value - wanted) / rows.length;
            if (slope === null) gradient[0] = gradient[0] + d * unit * logits[s];
            gradient[s + 1] = gradient[s + 1] + d;
          });
        }
        values[0] = loss;
      },
    },
    at,
    { tolerance: 1e-9, iterations: 200 },
  );
  return { slope: at[0] * unit, offsets: Array.from(at.subarray(1)) };
}

/**
 * Offsets moved by the log ratio of what each class should have and has (generalised iterative scaling; Darroch and Ratcliff 1972). From a start where one
 * class has everything this takes a few steps; the minimiser, which sees a plane there, may not come back at all.
 */
function balanced(rows: readonly ClassRow[], targets: ClassTargets, slope: number, offsets: readonly number[]): number[] {
  const wanted = offsets.map((_, s) => rows.reduce((sum, { truth }) => sum + target(targets, truth, s), 0));
  let out = [...offsets];
  for (let step = 0; step < 30; step++) {
    const has = out.map(() => 1e-300);
    for (const { logits } of rows) softmax(logits.map((logit, s) => slope * logit + out[s])).forEach((p, s) => (has[s] = has[s] + p));
    out = out.map((c, s) => c + Math.log(wanted[s] / has[s]));
  }
  return out;
}

const target = (targets: ClassTargets, truth: number, s: number) =>
  truth === s ? (targets[truth]?.own ?? 1) : (targets[truth]?.other ?? 0);

function classRows({ n, findings, y, logits }: Judged, seen: readonly number[]): ClassRow[] {
  const out: ClassRow[] = [];
  for (let i = 0; i < n; i++) {
    const truth = seen.findIndex((f) => y[i * findings + f] === 1);
    const row = seen.map((f) => logits[i * findings + f]);
    if (truth >= 0 && !row.some(Number.isNaN)) out.push({ logits: row, truth });
  }
  return out;
}

export function softmax(z: readonly number[]): number[] {
  const top = Math.max(...z);
  const exp = z.map((value) => Math.exp(value - top));
  const sum = exp.reduce((a, b) => a + b, 0);
  return exp.map((value) => value / sum);
}
