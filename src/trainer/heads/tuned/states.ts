import type { Tensor } from '../../../contract/head';
import { fail, FailureError } from '../../../contract/result';
import { decodeHalves } from '../../../contract/float16';
import { matrix, type Matrix } from '../../matrix';

/** Tokens or block inputs of the pool's rows, as float16 bits. */
export interface StateSource {
  /** Rows and width of one image's: [196, d] or [197, d]. */
  readonly shape: readonly [number, number];
  /** One image's after the other. May throw FailureErrors. */
  readonly read: (rows: readonly number[]) => Promise<Uint16Array>;
}

/** Images that go through a backend at once. */
export const BATCH = 16;

export async function statesOf({ shape, read }: StateSource, rows: readonly number[]): Promise<Tensor> {
  const [count, width] = shape;
  const data = new Float32Array(rows.length * count * width);
  decodeHalves(await read(rows), data);
  return { shape: [rows.length, count, width], data };
}

export function inBatches<T>(items: readonly T[], size = BATCH): T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, i) => items.slice(i * size, (i + 1) * size));
}

/** What the tokens of some rows say of the encoder behind them. */
export interface TokenFacts {
  /** Gain and bias of the encoder's last LayerNorm [d]: embedding = LayerNorm(mean of the tokens) gain + bias. */
  readonly gain: Float32Array;
  readonly bias: Float32Array;
  /** Standard deviation of each feature over all these tokens [d]. */
  readonly spread: Float32Array;
}

/** Above what half precision and an int8 encoder may cost, far below what tokens of another encoder or other images do. */
export const BELONG = 0.2;

/**
 * Recovers the last LayerNorm from pairs of tokens and embeddings by least squares, a feature at a time: it is a straight line through them,
 * so a handful of images pins it. Fails with embedding-foreign where the tokens are not those of the embeddings `rows` [N, d].
 */
export async function tokenFacts(
  tokens: StateSource,
  embeddings: Matrix,
  rows: readonly number[],
  signal?: AbortSignal,
): Promise<TokenFacts> {
  const [count, d] = tokens.shape;
  if (d !== embeddings.columns) throw foreign(`tokens of width ${String(d)}`, String(embeddings.columns));
  const normal = matrix(rows.length, d);
  const sum = new Float64Array(d);
  const square = new Float64Array(d);
  for (const [b, part] of inBatches(rows).entries()) {
    if (signal?.aborted) throw new FailureError(fail('stopped').failure);
    const { data } = await statesOf(tokens, part);
    part.forEach((_, i) => {
      const mean = new Float64Array(d);
      for (let t = 0, p = i * count * d; t < count; t++) {
        for (let c = 0; c < d; c++, p++) {
          const value = data[p];
          mean[c] = mean[c] + value / count;
          sum[c] = sum[c] + value;
          square[c] = square[c] + value * value;
        }
      }
      normalise(mean, normal.data, (b * BATCH + i) * d);
    });
  }
  const n = Math.max(1, rows.length * count);
  const spread = Float32Array.from(square, (s, c) => {
    const mean = sum[c] / n;
    return Math.sqrt(Math.max(1e-12, s / n - mean * mean));
  });
  return { ...line(normal, embeddings, rows), spread };
}

function normalise(mean: Float64Array, into: Float32Array, at: number): void {
  const d = mean.length;
  const centre = mean.reduce((a, b) => a + b, 0) / d;
  const variance = mean.reduce((a, b) => a + (b - centre) ** 2, 0) / d;
  for (let c = 0; c < d; c++) into[at + c] = (mean[c] - centre) / Math.sqrt(variance + 1e-6);
}

function line(normal: Matrix, embeddings: Matrix, rows: readonly number[]): { gain: Float32Array; bias: Float32Array } {
  const d = normal.columns;
  const gain = new Float32Array(d);
  const bias = new Float32Array(d);
  let wrong = 0;
  let total = 0;
  for (let c = 0; c < d; c++) {
    const x = rows.map((_, i) => normal.data[i * d + c]);
    const y = rows.map((row) => embeddings.data[row * d + c]);
    const [mx, my] = [average(x), average(y)];
    const xx = x.reduce((s, value) => s + (value - mx) ** 2, 0);
    const slope = xx > 0 ? x.reduce((s, value, i) => s + (value - mx) * (y[i] - my), 0) / xx : 1;
    gain[c] = slope;
    bias[c] = my - slope * mx;
    wrong += x.reduce((s, value, i) => s + (y[i] - slope * value - (my - slope * mx)) ** 2, 0);
    total += y.reduce((s, value) => s + (value - my) ** 2, 0);
  }
  if (wrong > BELONG ** 2 * total) throw foreign('the tokens', 'those that were written with these embeddings');
  return { gain, bias };
}

const average = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / Math.max(1, values.length);
const foreign = (found: string, expected: string) => new FailureError(fail('embedding-foreign', { found, expected }).failure);
