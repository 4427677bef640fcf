/**
 * The least that an encoder has to beat: ridge regression on 48 x 48 rank-normalised pixels, fitted on the same labels.
 * Solved in the dual (n x n): w = X' (X X' + lambda I)^-1 y.
 */
export const BASELINE_SIZE = 48;

/** Ranks of the pixels in [-1, 1], equal values sharing their mean rank: free of exposure and contrast. */
export function rankNormalise(pixels: Uint8Array): Float64Array {
  const counts = new Float64Array(256);
  for (const value of pixels) counts[value] = (counts[value] ?? 0) + 1;
  const rank = new Float64Array(256);
  let below = 0;
  counts.forEach((count, value) => {
    rank[value] = ((below + (count - 1) / 2) / Math.max(1, pixels.length - 1)) * 2 - 1;
    below += count;
  });
  return Float64Array.from(pixels, (value) => rank[value] ?? 0);
}

/** Scores of `all` rows, from a fit on `labelled` (row, y = 1 or 0). */
export function ridgeScores(all: readonly Float64Array[], labelled: readonly { row: number; y: number }[], lambda = 100): number[] {
  const rows = labelled.map(({ row }) => all[row] ?? new Float64Array());
  const mean = labelled.reduce((sum, { y }) => sum + y, 0) / labelled.length;
  const gram = rows.map((a, i) => rows.map((b, j) => dot(a, b) + (i === j ? lambda : 0)));
  const alpha = solve(
    gram,
    labelled.map(({ y }) => y - mean),
  );
  return all.map((x) => rows.reduce((sum, row, i) => sum + (alpha[i] ?? 0) * dot(row, x), mean));
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] ?? 0) * (b[i] ?? 0);
  return sum;
}

/** Gaussian elimination with row pivots. */
function solve(matrix: number[][], right: number[]): number[] {
  const rows = matrix.map((row, i) => [...row, right[i] ?? 0]);
  const n = rows.length;
  for (let k = 0; k < n; k++) {
    const pivot = rows.slice(k).reduce((best, row, i) => (Math.abs(row[k] ?? 0) > Math.abs(rows[best]?.[k] ?? 0) ? k + i : best), k);
    const [a = [], b = []] = [rows[k], rows[pivot]];
    rows[k] = b;
    rows[pivot] = a;
    for (let i = k + 1; i < n; i++) {
      const row = rows[i] ?? [];
      const factor = (row[k] ?? 0) / (b[k] ?? 1);
      for (let j = k; j <= n; j++) row[j] = (row[j] ?? 0) - factor * (b[j] ?? 0);
    }
  }
  const x = Array.from({ length: n }, () => 0);
  for (let i = n - 1; i >= 0; i--) {
    const row = rows[i] ?? [];
    const rest = x.reduce((sum, value, j) => (j > i ? sum + value * (row[j] ?? 0) : sum), 0);
    x[i] = ((row[n] ?? 0) - rest) / (row[i] ?? 1);
  }
  return x;
}
