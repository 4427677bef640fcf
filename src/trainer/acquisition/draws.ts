import { random } from '../random';
import type { Scene } from './scene';

/** Independent orders of a pool. */
type Stream = 'random' | 'audit order';

/** The first `count` open rows in an order of the stream's own, which hangs on the seed and the pool's size alone. */
export function drawn(scene: Scene, stream: Stream, count: number): number[] {
  const out: number[] = [];
  if (count === 0) return out;
  const open = new Uint8Array(scene.features.rows);
  for (const row of scene.open) open[row] = 1;
  for (const row of orderOf(stream, scene.seed, scene.features.rows)) {
    if (open[row] === 1) out.push(row);
    if (out.length === count) break;
  }
  return out;
}

const last = new Map<Stream, { readonly seed: number; readonly order: Int32Array }>();

function orderOf(stream: Stream, seed: number, rows: number): Int32Array {
  const kept = last.get(stream);
  if (kept?.seed === seed && kept.order.length === rows) return kept.order;
  const order = random(seed, stream).shuffle(Int32Array.from({ length: rows }, (_, i) => i));
  last.set(stream, { seed, order });
  return order;
}
