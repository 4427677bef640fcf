import { random } from '../random';
import type { Scene } from './scene';

/** The first `count` open rows in an order that hangs on the seed and the pool's size alone. */
export function drawn(scene: Scene, count: number): number[] {
  const out: number[] = [];
  if (count === 0) return out;
  const open = new Uint8Array(scene.features.rows);
  for (const row of scene.open) open[row] = 1;
  for (const row of orderOf(scene.seed, scene.features.rows)) {
    if (open[row] === 1) out.push(row);
    if (out.length === count) break;
  }
  return out;
}

let last: { readonly seed: number; readonly order: Int32Array } | null = null;

function orderOf(seed: number, rows: number): Int32Array {
  if (last?.seed === seed && last.order.length === rows) return last.order;
  const order = random(seed, 'random').shuffle(Int32Array.from({ length: rows }, (_, i) => i));
  last = { seed, order };
  return order;
}
