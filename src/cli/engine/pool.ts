import type { StateSource } from '../../trainer/heads/tuned/states';
import { matrix, type Matrix } from '../../trainer/matrix';
import type { Embeddings } from '../tables/embeddings';
import type { IndexRow } from '../tables/index-table';

/** The embedded images in canonical order: row r of `vectors` is images[r]. */
export interface Pool {
  readonly images: readonly IndexRow[];
  readonly vectors: Matrix;
}

export function poolOf({ images, vectors }: Embeddings): Pool {
  const embedded = images.filter(({ row }) => row !== null);
  const d = vectors.columns;
  if (embedded.every(({ row }, at) => row === at)) return { images: embedded, vectors: matrix(vectors.rows, d, vectors.data) };
  const data = new Float32Array(vectors.data.length);
  embedded.forEach(({ row }, at) => data.set(vectors.data.subarray((row ?? 0) * d, ((row ?? 0) + 1) * d), at * d));
  return { images: embedded, vectors: matrix(vectors.rows, d, data) };
}

/** States by row of the pool, of an array whose rows are those of the embeddings' array. */
export const ofPool = (source: StateSource, { images }: Pool): StateSource => ({
  shape: source.shape,
  read: (rows) => source.read(rows.map((row) => images[row]?.row ?? row)),
});
