import type { Random } from './random';

/** A point of the thorax: x from -0.5 (the patient's right, left in the image) to 0.5, y from 0 (top) to 1. */
export type Point = readonly [x: number, y: number];

export const SIZE = 512;

/** Path lengths through something, added up pixel by pixel. */
export class Field {
  readonly data = new Float32Array(SIZE * SIZE);
  private readonly scratch = new Float32Array(SIZE * SIZE);

  /**
   * Adds a tube along a line of pixel positions. `radius` (pixels) and `amount` are functions of the position 0..1 along
   * it; `hollow` is the part of the radius that is marrow, which absorbs little: bones show bright edges.
   */
  tube(line: readonly Point[], radius: (t: number) => number, amount: (t: number) => number, hollow: number): void {
    let left = SIZE;
    let right = 0;
    let top = SIZE;
    let bottom = 0;
    const last = line.length - 1;
    for (let s = 0; s < last; s++) {
      const [ax, ay] = line[s] as Point;
      const [bx, by] = line[s + 1] as Point;
      const widest = Math.max(radius(s / last), radius((s + 1) / last)) + 1;
      const x0 = Math.max(0, Math.floor(Math.min(ax, bx) - widest));
      const x1 = Math.min(SIZE - 1, Math.ceil(Math.max(ax, bx) + widest));
      const y0 = Math.max(0, Math.floor(Math.min(ay, by) - widest));
      const y1 = Math.min(SIZE - 1, Math.ceil(Math.max(ay, by) + widest));
      left = Math.min(left, x0);
      right = Math.max(right, x1);
      top = Math.min(top, y0);
      bottom = Math.max(bottom, y1);
      const dx = bx - ax;
      const dy = by - ay;
      const length = dx * dx + dy * dy || 1;
      const rA = radius(s / last);
      const rB = radius((s + 1) / last);
      const mA = amount(s / last);
      const mB = amount((s + 1) / last);
      for (let y = y0; y <= y1; y++) {
        for (let x = x0; x <= x1; x++) {
          const along = Math.min(1, Math.max(0, ((x - ax) * dx + (y - ay) * dy) / length));
          const ex = x - ax - along * dx;
          const ey = y - ay - along * dy;
          const r = rA + along * (rB - rA);
          const q = (ex * ex + ey * ey) / (r * r);
          if (q >= 1) continue;
          let path = Math.sqrt(1 - q);
          const inner = hollow * hollow - q;
          if (inner > 0) path -= 0.75 * Math.sqrt(inner);
          const value = path * (mA + along * (mB - mA));
          const i = y * SIZE + x;
          // Segments of one tube meet: the larger counts, so that joints do not show.
          if (value > (this.scratch[i] as number)) this.scratch[i] = value;
        }
      }
    }
    for (let y = top; y <= bottom; y++) {
      for (let i = y * SIZE + left; i <= y * SIZE + right; i++) {
        this.data[i] = (this.data[i] as number) + (this.scratch[i] as number);
        this.scratch[i] = 0;
      }
    }
  }
}

/** Smooth noise with cells of `cell` pixels, about -1..1. */
export function clouds(random: Random, cell: number): (x: number, y: number) => number {
  const n = Math.ceil(SIZE / cell) + 3;
  const grid = Float32Array.from({ length: n * n }, () => random.between(-1, 1));
  const at = (column: number, row: number) => grid[Math.min(row, n - 1) * n + Math.min(column, n - 1)] as number;
  return (x, y) => {
    const cx = Math.max(0, x / cell);
    const cy = Math.max(0, y / cell);
    const column = Math.floor(cx);
    const row = Math.floor(cy);
    const u = smooth(cx - column);
    const v = smooth(cy - row);
    const above = at(column, row) * (1 - u) + at(column + 1, row) * u;
    const below = at(column, row + 1) * (1 - u) + at(column + 1, row + 1) * u;
    return above * (1 - v) + below * v;
  };
}

const smooth = (t: number) => t * t * (3 - 2 * t);

/** 0 below `from`, 1 above `to`, smooth between. */
export function ramp(from: number, to: number, value: number): number {
  const t = (value - from) / (to - from);
  return t <= 0 ? 0 : t >= 1 ? 1 : smooth(t);
}
