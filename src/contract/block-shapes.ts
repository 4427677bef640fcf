import type { LastBlock } from './head';

/**
 * The shapes that the tensors of a last block of width d have to have (contract/head). What differs from block to block is taken from
 * `tensors`: the hidden width, the states, and which of the tensors that not every block has are there.
 */
export function blockShapes(d: number, tensors: LastBlock): Record<string, readonly number[]> {
  const hidden = tensors['block.gate']?.shape[1] ?? 0;
  const table = tensors['block.rope.cos']?.shape ?? [];
  const width = 2 * (table[1] ?? 0);
  const shapes: Record<string, readonly number[]> = {
    'block.gate': [d, hidden],
    'block.up': [d, hidden],
    'block.down': [hidden, d],
    'block.gate.bias': [hidden],
    'block.up.bias': [hidden],
    // Heads have to divide the width; else there is no table that fits.
    'block.rope.cos': width > 0 && d % width === 0 && table.length === 2 ? table : [0, 0],
    'block.rope.sin': table,
    'norm.gain': [d],
    'norm.bias': [d],
  };
  for (const name of ['q', 'k', 'v', 'proj']) shapes[`block.${name}`] = [d, d];
  for (const name of ['q', 'proj', 'down']) shapes[`block.${name}.bias`] = [d];
  for (const name of ['k', 'v']) if (tensors[`block.${name}.bias`]) shapes[`block.${name}.bias`] = [d];
  for (const name of ['norm1', 'norm2']) shapes[`block.${name}.gain`] = shapes[`block.${name}.bias`] = [d];
  if (tensors['block.inner.gain']) shapes['block.inner.gain'] = shapes['block.inner.bias'] = [hidden];
  return shapes;
}
