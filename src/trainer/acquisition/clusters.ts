import { takeRows, unitRows, type Matrix } from '../matrix';
import { pause } from '../pause';
import { random } from '../random';
import { productTransposed } from '../tensors/product';
import type { Acquisition, Pick, Scene } from './scene';

const ITERATIONS = 25;
/** Centroids are found on at most so many rows. */
const SAMPLE = 10_000;

/** Members as indices into the rows given, the nearest to the centroid first. */
export type Cluster = readonly [number, ...number[]];

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
  const clusters = Array.from({ length: centroids.rows }, (): number[] => []);
  assigned.forEach((c, i) => clusters[c]?.push(i));
  return clusters
    .flatMap((members, c) => {
      const at = (row: number) => similarity[row * centroids.rows + c];
      const [first, ...rest] = members.sort((a, b) => at(b) - at(a) || a - b);
      return first === undefined ? [] : [[first, ...rest] as const];
    })
    .sort((a, b) => b.length - a.length || a[0] - b[0]);
}

function nearestCentroid(similarity: Float32Array, n: number, k: number): Int32Array<ArrayBuffer> {
  const out = new Int32Array(n);
  for (let i = 0; i < n; i++) {
    let best = 0;
    for (let c = 1; c < k; c++) if (similarity[i * k + c] > similarity[i * k + best]) best = c;
    out[i] = best;
  }
  return out;
}

function meansOf(unit: Matrix, assigned: Int32Array, before: Matrix): Matrix {
  const sums = new Float32Array(before.data.length);
  const m = unit.columns;
  for (let i = 0; i < unit.rows; i++) {
    const to = assigned[i] * m;
    for (let c = 0, p = i * m; c < m; c++, p++) sums[to + c] = sums[to + c] + unit.data[p];
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
      for (let c = 0, p = i * m, q = chosen * m; c < m; c++, p++, q++) dot += data[p] * data[q];
      distance[i] = i === chosen ? 0 : Math.min(distance[i], Math.max(0, 2 - 2 * dot));
      total += distance[i];
    }
    let left = draw.uniform() * total;
    chosen = out.subarray(0, s + 1).includes(0) ? n - 1 : 0;
    for (let i = 0; i < n; i++) {
      left -= distance[i];
      if (left < 0) {
        chosen = i;
        break;
      }
    }
  }
  return out;
}

/**
 * Cold start: the images nearest the centroids of the pool are typical and differ from one another. The clusters hang on the pool and
 * the seed alone, and one of which an image is labelled is done with: asked for one at a time the images are the same as all at once.
 */
export const typical =
  (clusters: number): Acquisition =>
  async (scene, count) => {
    const labelled = new Set(scene.labelled);
    const open = new Set(scene.open);
    return (await clustersOf(scene, clusters))
      .filter(({ rows }) => !rows.some((row) => labelled.has(row)))
      .flatMap(({ rows, share }) => {
        const row = rows.find((one) => open.has(one));
        return row === undefined ? [] : [pickOf(row, rows, share)];
      })
      .slice(0, count);
  };

/** As many clusters of the open images as images are asked for: for who wants typical images all along. */
export const coldStart: Acquisition = async (scene, count) =>
  (await clustered(scene, scene.open, count)).map(({ rows, share }) => pickOf(rows[0], rows, share));

const pickOf = (row: number, rows: readonly number[], share: number): Pick => ({
  row,
  score: share,
  reason: { code: 'typical', params: { size: rows.length } },
});

interface PoolCluster {
  /** Rows of the pool, the nearest to the centroid first. */
  readonly rows: Cluster;
  /** Of the rows that were clustered. */
  readonly share: number;
}

async function clustered({ features, seed, signal }: Scene, rows: Int32Array, k: number): Promise<PoolCluster[]> {
  const some = rows.length <= SAMPLE ? rows : random(seed, 'cold start').shuffle(rows.slice()).subarray(0, SAMPLE).sort();
  const rowOf = (member: number) => some[member];
  return (await kMeans(takeRows(features, some), k, seed, signal)).map(([first, ...rest]) => ({
    rows: [rowOf(first), ...rest.map(rowOf)],
    share: (rest.length + 1) / some.length,
  }));
}

const known = new WeakMap<Matrix, { readonly seed: number; readonly k: number; readonly clusters: readonly PoolCluster[] }>();

async function clustersOf(scene: Scene, k: number): Promise<readonly PoolCluster[]> {
  const last = known.get(scene.features);
  if (last?.seed === scene.seed && last.k === k) return last.clusters;
  const all = Int32Array.from({ length: scene.features.rows }, (_, row) => row);
  const clusters = await clustered(scene, all, k);
  known.set(scene.features, { seed: scene.seed, k, clusters });
  return clusters;
}
