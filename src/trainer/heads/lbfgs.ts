/** One batch of independent smooth convex problems, each over its own block of parameters. */
export interface Batch {
  readonly problems: number;
  /** Parameters of one problem; the parameters of problem g are [g size, (g + 1) size). */
  readonly size: number;
  /** Writes the value of every problem and the gradient of every parameter at `at`. */
  readonly evaluate: (at: Float64Array, values: Float64Array, gradient: Float64Array) => Promise<void> | void;
}

export interface LbfgsOptions {
  /** A problem is solved when its largest absolute gradient is below this. */
  readonly tolerance: number;
  readonly iterations: number;
  /** Called between evaluations, to let a newer snapshot interrupt. */
  readonly between?: () => Promise<void>;
}

const HISTORY = 8;
/** Armijo's constant of sufficient decrease. */
const DECREASE = 1e-4;
const SHRINK = 0.4;
/** Steps this small mean that rounding of the value, not the direction, stands in the way. */
const SMALLEST_STEP = 1e-6;

interface Pair {
  readonly s: Float64Array;
  readonly y: Float64Array;
  /** 1 / (s.y) of each problem; 0 where this problem made no step then. */
  readonly rho: Float64Array;
}

/**
 * Limited-memory BFGS (Nocedal and Wright, Numerical Optimization, 7.2) with backtracking, all problems in lock step:
 * each evaluation serves every problem that is not solved yet, and those that must shorten their step wait for no other.
 * Changes `at` in place; answers the largest absolute gradient of each problem.
 */
export async function minimise(batch: Batch, at: Float64Array, options: LbfgsOptions): Promise<Float64Array> {
  const { problems, size } = batch;
  const values = new Float64Array(problems);
  const gradient = new Float64Array(problems * size);
  await batch.evaluate(at, values, gradient);
  const largest = new Float64Array(problems);
  const open: boolean[] = [];
  for (let g = 0; g < problems; g++) {
    largest[g] = largestOf(gradient, g * size, size);
    open.push(largest[g] > options.tolerance);
  }
  const step = new Float64Array(problems);
  const slope = new Float64Array(problems);
  const direction = new Float64Array(problems * size);
  const trial = new Float64Array(problems * size);
  const trialValues = new Float64Array(problems);
  const trialGradient = new Float64Array(problems * size);
  const pairs: Pair[] = [];
  for (let g = 0; g < problems; g++) if (open[g]) aim(g);

  for (let iteration = 0; iteration < options.iterations && open.includes(true); iteration++) {
    for (let g = 0; g < problems; g++) {
      const t = open[g] ? step[g] : 0;
      for (let i = g * size; i < (g + 1) * size; i++) trial[i] = at[i] + t * direction[i];
    }
    await batch.evaluate(trial, trialValues, trialGradient);
    const pair: Pair = { s: new Float64Array(at.length), y: new Float64Array(at.length), rho: new Float64Array(problems) };
    const moved: number[] = [];
    for (let g = 0; g < problems; g++) {
      if (!open[g]) continue;
      const t = step[g];
      const enough = trialValues[g] <= values[g] + DECREASE * t * slope[g];
      if (!enough && t > SMALLEST_STEP) {
        step[g] = t * SHRINK;
        continue;
      }
      if (!enough) {
        open[g] = false;
        continue;
      }
      let curvature = 0;
      for (let i = g * size; i < (g + 1) * size; i++) {
        pair.s[i] = trial[i] - at[i];
        pair.y[i] = trialGradient[i] - gradient[i];
        curvature += pair.s[i] * pair.y[i];
        at[i] = trial[i];
        gradient[i] = trialGradient[i];
      }
      pair.rho[g] = curvature > 0 ? 1 / curvature : 0;
      values[g] = trialValues[g];
      largest[g] = largestOf(gradient, g * size, size);
      open[g] = largest[g] > options.tolerance;
      moved.push(g);
    }
    if (moved.length > 0) {
      pairs.push(pair);
      if (pairs.length > HISTORY) pairs.shift();
      for (const g of moved) if (open[g]) aim(g);
    }
    await options.between?.();
  }
  return largest;

  /** The two-loop recursion for one problem. */
  function aim(g: number): void {
    const from = g * size;
    const to = from + size;
    for (let i = from; i < to; i++) direction[i] = -gradient[i];
    const alphas = new Float64Array(pairs.length);
    let scale = 0;
    for (let j = pairs.length - 1; j >= 0; j--) {
      const { s, y, rho } = pairs[j];
      const r = rho[g];
      if (r === 0) continue;
      if (scale === 0) scale = 1 / (r * dot(y, y, from, to));
      const alpha = r * dot(s, direction, from, to);
      alphas[j] = alpha;
      for (let i = from; i < to; i++) direction[i] = direction[i] - alpha * y[i];
    }
    if (scale === 0) scale = 1 / Math.max(1e-300, Math.sqrt(dot(gradient, gradient, from, to)));
    for (let i = from; i < to; i++) direction[i] = direction[i] * scale;
    for (let j = 0; j < pairs.length; j++) {
      const { s, y, rho } = pairs[j];
      const r = rho[g];
      if (r === 0) continue;
      const correction = alphas[j] - r * dot(y, direction, from, to);
      for (let i = from; i < to; i++) direction[i] = direction[i] + correction * s[i];
    }
    slope[g] = dot(direction, gradient, from, to);
    if (!(slope[g] < 0)) {
      for (let i = from; i < to; i++) direction[i] = -gradient[i];
      slope[g] = -dot(gradient, gradient, from, to);
    }
    step[g] = 1;
  }
}

function dot(a: Float64Array, b: Float64Array, from: number, to: number): number {
  let sum = 0;
  for (let i = from; i < to; i++) sum += a[i] * b[i];
  return sum;
}

function largestOf(a: Float64Array, from: number, length: number): number {
  let largest = 0;
  for (let i = from; i < from + length; i++) largest = Math.max(largest, Math.abs(a[i]));
  return largest;
}
