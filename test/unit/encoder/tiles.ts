import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import type { ImageFacts, Tile } from '../../../src/contract/jobs/imaging';
import { fail, ok } from '../../../src/contract/result';
import type { TileSource } from '../../../src/encoder/tiles';

/** A seeded picture that depends on the name alone. */
export function syntheticTile(name: string, size: number, channels: 1 | 3): Tile {
  let state = createHash('sha256').update(name).digest().readUInt32LE(0);
  const data = new Uint8Array(size * size * channels);
  const [fx, fy] = [3 + (state % 11), 2 + ((state >>> 8) % 9)];
  for (let i = 0; i < data.length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    const pixel = Math.floor(i / channels);
    const wave = Math.sin((pixel % size) / fx) * Math.cos(Math.floor(pixel / size) / fy);
    data[i] = 128 + Math.round(90 * wave) + ((state >>> 24) % 32) - 16;
  }
  return { size, channels, data };
}

export const factsOf = (name: string): ImageFacts => ({
  sha256: createHash('sha256').update(name).digest('hex'),
  bytes: 1,
  mtime: 0,
  format: 'png',
  width: 300,
  height: 200,
  bits: 8,
  channels: 1,
  orientation: 1,
  patient: null,
  study: null,
  view: null,
  notes: name.startsWith('dark') ? ['window-empty'] : [],
});

/**
 * Imaging's interface over synthetic pictures. Names say what happens: bad* cannot be decoded, dark* has a window that shows nothing, and equal bytes are
 * told by the part before '='. Answers come late and out of order, as from a pool of workers.
 */
export function syntheticImaging() {
  const state = { reads: 0, identified: 0, inFlight: 0, most: 0 };
  const imaging: TileSource = {
    identify({ source }) {
      state.identified++;
      const { sha256, bytes, mtime, patient, study, view, notes = [] } = factsOf(basename(source.file).split('=')[0] ?? '');
      return Promise.resolve(ok({ sha256, bytes, mtime, patient, study, view, notes }));
    },
    async read({ source, tile }, { signal }) {
      state.reads++;
      state.inFlight++;
      state.most = Math.max(state.most, state.inFlight);
      const name = basename(source.file);
      await new Promise((resolve) => setTimeout(resolve, state.reads % 3));
      state.inFlight--;
      if (signal.aborted) return fail('stopped');
      if (name.startsWith('bad')) return fail('image-corrupt', { file: name, reason: 'made so' });
      const bytes = name.split('=')[0] ?? '';
      return ok({ facts: factsOf(bytes), ...(tile ? { tile: syntheticTile(bytes, tile.size, 1) } : {}) });
    },
  };
  return { imaging, state };
}
