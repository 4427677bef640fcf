import { random } from './random';

/** What a split has to balance: y [n, columns] with 1, 0, -1 (unknown), as in Targets. */
export interface Balance {
  readonly findings: number;
  readonly y: Int8Array;
}

/**
 * The fold 0..count-1 of every item; items of one group (patient) share it. Groups are dealt out in seeded order, those
 * with the rarest states first, each to the fold that has least of what the group holds: stratified as well as groups allow.
 */
export function groupedFolds(groups: ArrayLike<number>, balance: Balance, count: number, seed: number): Int8Array {
  const members = new Map<number, number[]>();
  for (let i = 0; i < groups.length; i++) {
    const group = groups[i];
    const list = members.get(group);
    if (list) list.push(i);
    else members.set(group, [i]);
  }
  const k = balance.findings;
  // Present and absent cells are counted apart: column 2f and 2f + 1.
  const total = new Float64Array(2 * k);
  for (let i = 0; i < balance.y.length; i++) {
    const state = balance.y[i];
    if (state >= 0) total[2 * (i % k) + state] = total[2 * (i % k) + state] + 1;
  }
  const keys = random(seed, 'folds').shuffle(Float64Array.from(members.keys()));
  const dealt = Array.from(keys, (group, order) => {
    const items = members.get(group) ?? [];
    const cells: number[] = [];
    let rarest = Infinity;
    for (const item of items) {
      for (let f = 0; f < k; f++) {
        const state = balance.y[item * k + f];
        if (state < 0) continue;
        cells.push(2 * f + state);
        rarest = Math.min(rarest, total[2 * f + state]);
      }
    }
    return { items, cells, rarest, order };
  });
  dealt.sort((a, b) => a.rarest - b.rarest || b.items.length - a.items.length || a.order - b.order);

  const folds = Math.max(1, Math.min(count, dealt.length));
  const held = Array.from({ length: folds }, () => new Float64Array(2 * k));
  const sizes = new Float64Array(folds);
  const out = new Int8Array(groups.length);
  for (const { items, cells } of dealt) {
    let best = 0;
    let lowest = Infinity;
    for (let fold = 0; fold < folds; fold++) {
      const has = held[fold];
      let cost = sizes[fold] / groups.length;
      for (const cell of cells) cost += has[cell] / total[cell];
      if (cost < lowest) {
        lowest = cost;
        best = fold;
      }
    }
    const has = held[best];
    for (const cell of cells) has[cell] = has[cell] + 1;
    sizes[best] = sizes[best] + items.length;
    for (const item of items) out[item] = best;
  }
  return out;
}

/** Seeded division of all items into a pool and a held-out side by group; about `share` of the groups are held out. */
export function holdOut(groups: ArrayLike<number>, share: number, seed: number): { pool: Int32Array; held: Int32Array } {
  const order = random(seed, 'hold out').shuffle(Float64Array.from(new Set(Array.from(groups))));
  const chosen = new Set(order.subarray(0, Math.round(order.length * share)));
  const pool: number[] = [];
  const held: number[] = [];
  for (let i = 0; i < groups.length; i++) (chosen.has(groups[i]) ? held : pool).push(i);
  return { pool: Int32Array.from(pool), held: Int32Array.from(held) };
}
