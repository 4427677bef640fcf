import type { Combine, Reason } from '../../contract/jobs/trainer';
import type { Acquisition, Scene, Scores } from './scene';

export type Measure = 'margin' | 'entropy' | 'least-confidence';

/** Uncertainty of every row of the pool, larger where the head knows less; margin and least confidence lie in [0, 1]. */
export function uncertainty(scene: Scene, scores: Scores, measure: Measure): Float64Array {
  const n = scene.features.rows;
  return scene.task === 'multiclass' ? ofClasses(scores, n, measure) : ofLabels(scores, n, measure, scene.combine ?? 'mean');
}

function ofClasses({ z, fitted }: Scores, n: number, measure: Measure): Float64Array {
  const k = fitted.length;
  const out = new Float64Array(n);
  const p = new Float64Array(k);
  for (let row = 0; row < n; row++) {
    classProbabilities(z, row * k, p);
    if (measure === 'entropy') {
      let sum = 0;
      for (const value of p) if (value > 0) sum -= value * Math.log(value);
      out[row] = sum;
      continue;
    }
    let [first, second] = [0, 0];
    for (const value of p) {
      if (value > first) [first, second] = [value, first];
      else if (value > second) second = value;
    }
    out[row] = measure === 'margin' ? 1 - (first - second) : 1 - first;
  }
  return out;
}

function classProbabilities(z: Float64Array, from: number, p: Float64Array): void {
  let top = -Infinity;
  for (let f = 0; f < p.length; f++) top = Math.max(top, z[from + f]);
  let sum = 0;
  for (let f = 0; f < p.length; f++) {
    p[f] = Math.exp(z[from + f] - top);
    sum += p[f];
  }
  for (let f = 0; f < p.length; f++) p[f] = p[f] / sum;
}

/** The mean (or the largest) over the findings that are learnt; at equal priors a rare one is heard as well as the others. */
function ofLabels({ z, fitted }: Scores, n: number, measure: Measure, combine: Combine): Float64Array {
  const k = fitted.length;
  const weight = 1 / Math.max(1, fitted.filter(Boolean).length);
  const out = new Float64Array(n);
  for (let row = 0; row < n; row++) {
    let whole = 0;
    for (let f = 0; f < k; f++) {
      if (!fitted[f]) continue;
      const tail = Math.exp(-Math.abs(z[row * k + f]));
      const rest = tail / (1 + tail);
      const value =
        measure === 'entropy'
          ? -(rest * Math.log(Math.max(rest, 1e-300)) + (1 - rest) * Math.log1p(-rest))
          : measure === 'margin'
            ? 2 * rest
            : rest;
      whole = combine === 'max' ? Math.max(whole, value) : whole + weight * value;
    }
    out[row] = whole;
  }
  return out;
}

/** Why this row is uncertain: the two classes that compete, or the finding that is hardest to tell. */
export function uncertainReason(scene: Scene, scores: Scores, row: number): Reason {
  const k = scores.fitted.length;
  if (scene.task === 'multiclass') {
    const p = scores.probabilities.subarray(row * k, (row + 1) * k);
    const order = Array.from(p.keys()).sort((a, b) => p[b] - p[a]);
    const [first = 0, second = 0] = order;
    const params = { first: scene.findings[first] ?? '', second: scene.findings[second] ?? '', probability: p[first] ?? 0 };
    return { code: 'tie', params };
  }
  let hardest = -1;
  for (let f = 0; f < k; f++) {
    if (!scores.fitted[f]) continue;
    if (hardest < 0 || Math.abs(scores.z[row * k + f]) < Math.abs(scores.z[row * k + hardest])) hardest = f;
  }
  const probability = scores.probabilities[row * k + Math.max(0, hardest)] ?? 0;
  return { code: 'uncertain', params: { finding: scene.findings[hardest] ?? '', probability } };
}

/** Why a row is asked for that is uncertain and stands for others as well. */
export function standsFor(scene: Scene, row: number): Reason {
  const reason = scene.scores === null ? null : uncertainReason(scene, scene.scores, row);
  return reason?.code === 'tie' ? reason : { code: 'representative', params: {} };
}

export const mostUncertain =
  (measure: Measure): Acquisition =>
  (scene, count) => {
    if (scene.scores === null) return [];
    const scores = scene.scores;
    const u = uncertainty(scene, scores, measure);
    return highest(scene.open, u, count).map((row) => ({ row, score: u[row], reason: uncertainReason(scene, scores, row) }));
  };

/** The `count` of `rows` with the highest `values` (by row of the pool), highest first, equal ones by row: without sorting all of them. */
export function highest(rows: Int32Array, values: Float64Array, count: number): number[] {
  if (count <= 0) return [];
  const order = (a: number, b: number) => values[b] - values[a] || a - b;
  // What is among the highest of any part seen so far; cut down to `count` whenever there are twice as many.
  let kept: number[] = [];
  let least = -Infinity;
  for (const row of rows) {
    if (!(values[row] >= least)) continue;
    kept.push(row);
    if (kept.length < 2 * count + 64) continue;
    kept = kept.sort(order).slice(0, count);
    least = values[kept[count - 1]];
  }
  return kept.sort(order).slice(0, count);
}
