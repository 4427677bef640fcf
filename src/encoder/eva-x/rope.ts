/** EVA-X's 2-D rotary embedding: 16 bands for the row, then 16 for the column, of a grid of patches, 14 x 14 where it was pretrained. */
export const GRID = 14;
export const HEAD_WIDTH = 64;
const BANDS = 16;

/**
 * The angle of pair `pair` (0..31) at patch `patch`: f_i = 10000^(-i/16), rows first. Positions of another grid are scaled to 0..14, as EVA-X does with `ft_seq_len` and
 * timm with `ref_feat_shape`.
 */
function angle(grid: number, patch: number, pair: number): number {
  const position = pair < BANDS ? Math.floor(patch / grid) : patch % grid;
  return ((position * GRID) / grid) * 10_000 ** (-(pair % BANDS) / BANDS);
}

/** cos or sin per patch and pair, [grid^2, 32], as float64. */
export function ropeTable(turn: (angle: number) => number, grid: number): Float64Array {
  const pairs = HEAD_WIDTH / 2;
  return Float64Array.from({ length: grid * grid * pairs }, (_, i) => turn(angle(grid, Math.floor(i / pairs), i % pairs)));
}

/** Noise of a table that was computed in float32. */
const NOISE = 2e-5;

/**
 * Largest difference between a checkpoint's table [grid^2, 64], which repeats every pair, and ours; 0 where every value is ours up to the
 * noise of float32, `round`ed to the type of the file.
 */
export function ropeDifference(
  found: Float32Array,
  turn: (angle: number) => number,
  grid: number,
  round: (value: number) => number,
): number {
  const ours = ropeTable(turn, grid);
  let largest = 0;
  for (let i = 0; i < found.length; i++) {
    const value = found[i] ?? NaN;
    const expected = ours[i >> 1] ?? NaN;
    if (value >= round(expected - NOISE) && value <= round(expected + NOISE)) continue;
    const difference = Math.abs(value - expected);
    if (!(difference <= largest)) largest = difference;
  }
  return largest;
}
