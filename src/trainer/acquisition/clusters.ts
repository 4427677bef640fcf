import { takeRows, unitRows, type Matrix } from '../matrix';
import { pause } from '../pause';
import { random } from '../random';
import { productTransposed } from '../tensors/product';
import type { Acquisition } from './scene';

const ITERATIONS = 25;
/** Centroids are found on at most so many rows. */
const SAMPLE = 10_000;

export interface Cluster {
  /** The member nearest the centroid, as an index into the rows given. */
  readonly nearest: number;
  readonly size: number;
}

/**
 * k-means with k-means++ seeding (Arthur and Vassilvitskii, SODA 2007) on rows of length one; the largest cluster first.
 * Empty clusters vanish, so that fewer than k may come back.
 */
export async function kMeans(unit: Matrix, k: number, seed: number, signal?: AbortSignal): Promise<Cluster[]> {
  const n = unit.rows;
  if (n === 0 || k === 0) return [];
  let centroids = takeRows(unit, plusPlus(unit, Math.min(k, n), seed));
  let assigned = new Int32Array(n).fill(-1);
  let similarity: Float32Array = new Float32Array(0);
  for (let iteration = 0; iteration < ITERATIONS; iteration++) {
    similarity = (await productTransposed(unit, centroids)).data;
    const next = nearestCentroid(similarity, n, centroids.rows);
    const settled = next.every((cluster, i) => cluster === assigned[i]);
    assigned = next;
    if (settled) break;
    centroids = meansOf(unit, assigned, centroids);
    await pause(signal);
  }
  const best = new Int32Array(centroids.rows).fill(-1);
  const sizes = new Int32Array(centroids.rows);
  for (let i = 0; i < n; i++) {
    const c = assigned[i] as number;
    sizes[c] = (sizes[c] as number) + 1;
    const at = (row: number) => similarity[row * centroids.rows + c] as number;
    if ((best[c] as number) < 0 || at(i) > at(best[c] as number)) best[c] = i;
  }
  return Array.from(best, (nearest, c) => ({ nearest, size: sizes[c] as number }))
    .filter(({ nearest }) => nearest >= 0)
    .sort((a, b) => b.size - a.size || a.nearest - b.nearest);
}

function nearestCentroid(similarity: Float32Array, n: number, k: number): Int32Array<ArrayBuffer> {
  const out = new Int32Array(n);
  for (let i = 0; i < n; i++) {
    let best = 0;
    for (let c = 1; c < k; c++) if ((similarity[i * k + c] as number) > (similarity[i * k + best] as number)) best = c;
    out[i] = best;
  }
  return out;
}

function meansOf(unit: Matrix, assigned: Int32Array, before: Matrix): Matrix {
  const sums = new Float32Array(before.data.length);
  const m = unit.columns;
  for (let i = 0; i < unit.rows; i++) {
    const to = (assigned[i] as number) * m;
    for (let c = 0, p = i * m; c < m; c++, p++) sums[to + c] = (sums[to + c] as number) + (unit.data[p] as number);
  }
  return unitRows({ ...before, data: sums });
}

/** k distinct seeds, each drawn in proportion to the squared distance from those before. */
function plusPlus(unit: Matrix, k: number, seed: number): Int32Array {
  const draw = random(seed, 'k-means++');
  const { rows: n, columns: m, data } = unit;
  const distance = new Float64Array(n).fill(Infinity);
  const out = new Int32Array(k);
  let chosen = draw.integer(n);
  for (let s = 0; s < k; s++) {
    out[s] = chosen;
    let total = 0;
    for (let i = 0; i < n; i++) {
      let dot = 0;
      for (let c = 0, p = i * m, q = chosen * m; c < m; c++, p++, q++) dot += (data[p] as number) * (data[q] as number);
      distance[i] = i === chosen ? 0 : Math.min(distance[i] as number, Math.max(0, 2 - 2 * dot));
      total += distance[i] as number;
    }
    let left = draw.uniform() * total;
    chosen = out.subarray(0, s + 1).includes(0) ? n - 1 : 0;
    for (let i = 0; i < n; i++) {
      left -= distance[i] as number;
      if (left < 0) {
        chosen = i;
        break;
      }
    }
  }
  return out;
}

/** Cold start: with nothing labelled, the images nearest the centroids are typical and differ from one another. */
export const coldStart: Acquisition = async (scene, count) => {
  const open =
    scene.open.length <= SAMPLE ? scene.open : random(scene.seed, 'cold start').shuffle(scene.open.slice()).subarray(0, SAMPLE).sort();
  const clusters = await kMeans(takeRows(scene.features, open), count, scene.seed, scene.signal);
  return clusters.map(({ nearest, size }) => ({
    row: open[nearest] as number,
    score: size / open.length,
    reason: { code: 'typical', params: { size } },
  }));
};
