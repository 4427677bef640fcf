import { symmetricEigen } from './linear-algebra/symmetric-eigen';
import { cholesky, invertLower } from './linear-algebra/cholesky';
import { matrix, takeRows, unitRows, type Matrix } from './matrix';
import { metricOf, mirroredColumns, mirroredRows } from './metric';
import { pause } from './pause';
import { random } from './random';
import { hold, product, type Held } from './tensors/product';

/** Features with more dimensions than this are reduced to principal components of the pool. */
export const PROJECT_ABOVE = 384;
/** Components are estimated on at most so many rows of the pool, drawn by the seed. */
const SAMPLE = 4096;
const OVERSAMPLING = 32;
/** Subspace iterations; the head only sees the space spanned, whose trailing directions hardly carry weight. */
const ITERATIONS = 5;
const CHUNK = 1024;

/** The transform that belongs to a head: x' = (x - mean) / scale, z = x' projection where there is one, then z / |z|. */
export interface Transform {
  readonly mean: Float32Array;
  readonly scale: Float32Array;
  /** [d, components], or null. */
  readonly projection: Matrix | null;
  /** Whether rows are brought to length one afterwards. */
  readonly unit: boolean;
}

export interface BasisOptions {
  /** How the encoder's card describes the embedding: where its features have a known meaning they are weighed by it (metric.ts). */
  readonly pooling?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** The pool in the head's feature space: a function of the pool, the seed, the number of components and the pooling alone. */
export interface Basis {
  readonly transform: Transform;
  /** z / |z| of every row of the pool: what heads learn from, and by which neighbours are found. */
  readonly features: Matrix;
}

/**
 * Standardises by the statistics of all rows, labelled or not, and projects on the pool's principal components where
 * d > PROJECT_ABOVE (randomised subspace iteration: Halko, Martinsson and Tropp, SIAM Review 2011, algorithm 4.4).
 * `rows` is [N, d]. Needs a started tensor backend.
 */
export async function buildBasis(rows: Matrix, seed: number, components: number, options: BasisOptions = {}): Promise<Basis> {
  const { pooling, signal } = options;
  const { mean, scale: spread } = statistics(rows);
  const metric = metricOf(pooling, rows.columns);
  const scale = metric ? spread.map((s, c) => s / metric.weight[c]) : spread;
  const standard = { mean, scale, projection: null, unit: false };
  let projection: Matrix | null = null;
  if (rows.columns > PROJECT_ABOVE && components < rows.columns) {
    const sample = rows.rows <= SAMPLE ? rows : takeRows(rows, sampleRows(rows.rows, seed));
    const x = standardised(sample, standard);
    const found = await principalComponents(metric ? mirroredColumns(x, metric) : x, components, seed, signal);
    projection = metric ? mirroredRows(found, metric) : found;
  }
  return basisBy({ mean, scale, projection, unit: true }, rows, signal);
}

/** The pool `rows` [N, d] by the transform of a head that was made on it. */
export const basisBy = async (transform: Transform, rows: Matrix, signal?: AbortSignal): Promise<Basis> => ({
  transform,
  features: await transformRows(rows, transform, signal),
});

/** The transform of a head applied to embeddings [n, d]. */
export async function transformRows(rows: Matrix, transform: Transform, signal?: AbortSignal): Promise<Matrix> {
  const z = await projected(rows, transform, signal);
  return transform.unit ? unitRows(z) : z;
}

async function projected(rows: Matrix, transform: Transform, signal?: AbortSignal): Promise<Matrix> {
  const { projection } = transform;
  if (projection === null) return standardised(rows, transform);
  const out = new Float32Array(rows.rows * projection.columns);
  for (let from = 0; from < rows.rows; from += CHUNK) {
    const to = Math.min(from + CHUNK, rows.rows);
    const part = matrix(to - from, rows.columns, rows.data.subarray(from * rows.columns, to * rows.columns));
    out.set((await product(standardised(part, transform), projection)).data, from * projection.columns);
    await pause(signal);
  }
  return matrix(rows.rows, projection.columns, out);
}

/** Mean and standard deviation of every column, two passes in float64; a constant column has scale 1. */
function statistics({ rows, columns, data }: Matrix): { mean: Float32Array; scale: Float32Array } {
  const mean = new Float64Array(columns);
  const square = new Float64Array(columns);
  for (let r = 0, p = 0; r < rows; r++) for (let c = 0; c < columns; c++, p++) mean[c] = mean[c] + data[p];
  for (let c = 0; c < columns; c++) mean[c] = mean[c] / Math.max(1, rows);
  for (let r = 0, p = 0; r < rows; r++) {
    for (let c = 0; c < columns; c++, p++) square[c] = square[c] + (data[p] - mean[c]) ** 2;
  }
  const scale = Float32Array.from(square, (sum) => Math.sqrt(sum / Math.max(1, rows)));
  return { mean: Float32Array.from(mean), scale: scale.map((s) => (s > 1e-6 ? s : 1)) };
}

function standardised({ rows, columns, data }: Matrix, { mean, scale }: Transform): Matrix {
  const out = new Float32Array(data.length);
  for (let r = 0, p = 0; r < rows; r++) {
    for (let c = 0; c < columns; c++, p++) out[p] = (data[p] - mean[c]) / scale[c];
  }
  return matrix(rows, columns, out);
}

function sampleRows(count: number, seed: number): Int32Array {
  const order = Int32Array.from({ length: count }, (_, i) => i);
  return random(seed, 'basis sample').shuffle(order).subarray(0, SAMPLE).sort();
}

/** [d, components] with orthonormal columns, the largest variance first; fewer columns where the rows span less. */
async function principalComponents(x: Matrix, components: number, seed: number, signal: AbortSignal | undefined): Promise<Matrix> {
  const width = Math.min(components + OVERSAMPLING, x.columns, x.rows);
  const draw = random(seed, 'basis');
  const held = hold(x);
  try {
    let q = await orthonormal(
      matrix(
        x.columns,
        width,
        Float32Array.from({ length: x.columns * width }, () => draw.normal()),
      ),
    );
    for (let i = 0; i < ITERATIONS; i++) {
      q = await orthonormal(await held.transposedTimes(await held.times(q)));
      await pause(signal);
    }
    return await rotated(held, q, components);
  } finally {
    held.release();
  }
}

/** Orthonormal columns for the same span, by Cholesky of the Gram matrix, twice (CholeskyQR2, Yamamoto et al. 2015). */
async function orthonormal(y: Matrix): Promise<Matrix> {
  let q = y;
  for (let pass = 0; pass < 2; pass++) {
    const gram = await gramOf(q);
    const n = q.columns;
    let trace = 0;
    for (let i = 0; i < n; i++) trace += gram[i * n + i];
    // The shift keeps a rank-deficient span (fewer distinct rows than columns) factorable: above the rounding of the float32
    // product, and not nothing where all rows are the same.
    const shift = (pass === 0 ? 1e-6 : 1e-7) * trace + 1e-30;
    for (let i = 0; i < n; i++) gram[i * n + i] = gram[i * n + i] + shift;
    if (!cholesky(gram, n)) throw new RangeError('the pool holds values that are not finite');
    const inverse = invertLower(gram, n);
    const right = new Float32Array(n * n);
    for (let i = 0; i < n; i++) for (let j = 0; j <= i; j++) right[j * n + i] = inverse[i * n + j];
    q = await product(q, matrix(n, n, right));
  }
  return q;
}

async function gramOf(q: Matrix): Promise<Float64Array> {
  const held = hold(q);
  try {
    const gram = await held.transposedTimes(q);
    const n = q.columns;
    const out = new Float64Array(n * n);
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < n; j++) out[i * n + j] = (gram.data[i * n + j] + gram.data[j * n + i]) / 2;
    }
    return out;
  } finally {
    held.release();
  }
}

/** Turns the basis of the subspace to the principal axes within it. */
async function rotated(held: Held, q: Matrix, components: number): Promise<Matrix> {
  const scores = await held.times(q);
  const { vectors } = symmetricEigen(await gramOf(scores), q.columns);
  const keep = Math.min(components, q.columns);
  const turn = new Float32Array(q.columns * keep);
  for (let i = 0; i < q.columns; i++) for (let j = 0; j < keep; j++) turn[i * keep + j] = vectors[i * q.columns + j];
  return product(q, matrix(q.columns, keep, turn));
}
