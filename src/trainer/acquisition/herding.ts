import { takeRows } from '../matrix';
import { random } from '../random';
import { productTransposed } from '../tensors/product';
import { chooseCandidates, chooseReferences, type Limits } from './excerpt';
import type { Acquisition, Scene } from './scene';
import { standsFor, uncertainty } from './uncertainty';

const LIMITS: Limits = { candidates: 400, references: 1000 };
/** Pairs of labelled rows are compared among at most so many. */
const WIDTH_SAMPLE = 300;
const SMALLEST_WIDTH = 1e-3;

/**
 * Uncertainty Herding (Bae et al., ICLR 2025): greedily argmax_x mean_n u_n max(0, k(n, x) - max over labelled k(n, l)),
 * with k = exp(-(distance / h)^2) on rows of length one and u = 1 - margin (1 without a head).
 */
export const herding =
  (limits: Limits = LIMITS): Acquisition =>
  async (scene, count) => {
    const u = scene.scores ? uncertainty(scene, scene.scores, 'margin') : new Float64Array(scene.features.rows).fill(1);
    const candidates = chooseCandidates(scene, u, limits.candidates);
    const references = chooseReferences(scene, limits.references);
    const labelled = takeRows(scene.features, scene.labelled);
    const anchors = takeRows(scene.features, references);
    const width = await kernelWidth(scene);
    const covered = await coverage(anchors.rows, () => productTransposed(anchors, labelled), labelled.rows);
    const similarity = (await productTransposed(takeRows(scene.features, candidates), anchors)).data;
    const weights = Float64Array.from(references, (row) => u[row]);
    return greedy(candidates, similarity, weights, covered, width, count).map(({ row, score }) => ({
      row,
      score,
      reason: standsFor(scene, row),
    }));
  };

/** Largest cosine of every reference to a labelled row; -1 where nothing is labelled. */
async function coverage(rows: number, products: () => Promise<{ data: Float32Array }>, columns: number): Promise<Float64Array> {
  const out = new Float64Array(rows).fill(-1);
  if (columns === 0) return out;
  const { data } = await products();
  for (let i = 0; i < rows; i++) {
    for (let j = 0, p = i * columns; j < columns; j++, p++) if (data[p] > out[i]) out[i] = data[p];
  }
  return out;
}

/** h: the least distance among labelled rows, floored at their 2 % quantile (near-duplicates make it 0); 1 below two labels. */
async function kernelWidth(scene: Scene): Promise<number> {
  if (scene.labelled.length < 2) return 1;
  const rows =
    scene.labelled.length <= WIDTH_SAMPLE
      ? scene.labelled
      : random(scene.seed, 'herding width').shuffle(scene.labelled.slice()).subarray(0, WIDTH_SAMPLE);
  const some = takeRows(scene.features, rows);
  const { data } = await productTransposed(some, some);
  const squares = new Float32Array((rows.length * (rows.length - 1)) / 2);
  for (let i = 0, at = 0; i < rows.length; i++) for (let j = 0; j < i; j++) squares[at++] = 2 - 2 * data[i * rows.length + j];
  squares.sort();
  return Math.max(SMALLEST_WIDTH, Math.sqrt(Math.max(0, squares[Math.floor(0.02 * squares.length)])));
}

/**
 * Lazy greedy (Minoux 1978): the gain is submodular, so that an old gain bounds the new one from above and most
 * candidates are never looked at again.
 */
function greedy(
  candidates: Int32Array,
  similarity: Float32Array,
  weights: Float64Array,
  covered: Float64Array,
  width: number,
  count: number,
): { row: number; score: number }[] {
  const n = covered.length;
  const scale = 2 / (width * width);
  const kernel = (cosine: number) => Math.exp(scale * (cosine - 1));
  const best = covered.slice();
  const bestKernel = best.map(kernel);
  const gainOf = (c: number) => {
    let sum = 0;
    for (let i = 0, p = c * n; i < n; i++, p++) {
      const cosine = similarity[p];
      if (cosine > best[i]) sum += weights[i] * (kernel(cosine) - bestKernel[i]);
    }
    return sum / n;
  };
  const gains = Float64Array.from(candidates, (_, c) => gainOf(c));
  const order = Array.from(candidates.keys()).sort((a, b) => gains[b] - gains[a] || a - b);
  const out: { row: number; score: number }[] = [];
  while (out.length < count && order.length > 0) {
    for (;;) {
      const top = order[0];
      gains[top] = out.length === 0 ? gains[top] : gainOf(top);
      const next = order[1];
      if (next === undefined || gains[top] >= gains[next]) break;
      // Sink the stale leader to its place among the bounds of the others.
      let place = 1;
      while (place < order.length && gains[order[place]] > gains[top]) place++;
      order.splice(0, 1);
      order.splice(place - 1, 0, top);
    }
    const chosen = order.shift() as number;
    out.push({ row: candidates[chosen], score: gains[chosen] });
    for (let i = 0, p = chosen * n; i < n; i++, p++) {
      if (similarity[p] > best[i]) {
        best[i] = similarity[p];
        bestKernel[i] = kernel(best[i]);
      }
    }
  }
  return out;
}
