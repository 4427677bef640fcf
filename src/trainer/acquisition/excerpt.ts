import { random } from '../random';
import type { Scene } from './scene';
import { highest } from './uncertainty';

/** How far a rule over all pairs of images is cut down, so that a choice takes milliseconds. */
export interface Limits {
  /** Rows whose gain is computed: half the most uncertain, half at random. */
  readonly candidates: number;
  /** Rows that stand for the pool. */
  readonly references: number;
}

/** The most uncertain half by `u` (by row of the pool), and the other half at random from the rest of the open rows. Ascending. */
export function chooseCandidates(scene: Scene, u: Float64Array, limit: number): Int32Array {
  if (scene.open.length <= limit) return scene.open;
  const top = highest(scene.open, u, Math.floor(limit / 2));
  const taken = new Set(top);
  const rest = random(scene.seed, 'candidates')
    .shuffle(scene.open.filter((row) => !taken.has(row)))
    .subarray(0, limit - top.length);
  return Int32Array.from([...top, ...rest]).sort();
}

/** Rows of the pool, labelled or not, drawn by the seed alone. Ascending. */
export function chooseReferences({ seed, features: { rows } }: Scene, limit: number): Int32Array {
  if (drawn?.seed !== seed || drawn.rows !== rows || drawn.limit !== limit)
    drawn = { seed, rows, limit, references: drawReferences(seed, rows, limit) };
  return drawn.references;
}

/** The same in every round, and to draw them takes a walk over the pool. */
let drawn: { readonly seed: number; readonly rows: number; readonly limit: number; readonly references: Int32Array } | null = null;

function drawReferences(seed: number, rows: number, limit: number): Int32Array {
  const all = new Int32Array(rows);
  for (let row = 0; row < rows; row++) all[row] = row;
  return rows <= limit ? all : random(seed, 'references').shuffle(all).slice(0, limit).sort();
}
