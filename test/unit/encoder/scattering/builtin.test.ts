import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { BUILTIN_IDS } from '../../../../src/contract/encoder-identity';
import { unwrap } from '../../../../src/contract/result';
import { halfOf, fromHalf } from '../../../../src/contract/float16';
import { openEncoderFolder, type EncoderFolder } from '../../../../src/encoder/folder';
import { inputLength, normaliseInto } from '../../../../src/encoder/normalise';
import { CONSTANTS, ensureBuiltin } from '../../../../src/encoder/scattering/builtin';
import { scatteringModel } from '../../../../src/encoder/scattering/graph';
import { scatteringMaps } from '../../../../src/contract/scattering';
import { openSession, type Session } from '../../../../src/encoder/session';
import { readNpyFile } from '../arrays';

const reference = resolve(import.meta.dirname, '../../../reference/encoder');
const encoders = mkdtempSync(join(tmpdir(), 'collimate-'));
let builtin: EncoderFolder;
let session: Session;

beforeAll(async () => {
  builtin = unwrap(await ensureBuiltin(encoders));
  session = unwrap(await openSession(builtin.model, 'cpu', 1));
});
afterAll(async () => {
  await session.close();
  rmSync(encoders, { recursive: true });
});

async function encode(tiles: Uint8Array<ArrayBuffer>[]): Promise<Float32Array> {
  const { card } = builtin;
  const pixels = new Float32Array(tiles.length * inputLength(card));
  tiles.forEach((data, i) => unwrap(normaliseInto(pixels, i * inputLength(card), { size: 128, channels: 1, data }, card)));
  const { embedding } = unwrap(await session.run({ pixels: { shape: [tiles.length, 1, 128, 128], data: pixels } }));
  expect(embedding?.shape).toEqual([tiles.length, 3856]);
  return embedding?.data ?? new Float32Array();
}

function oracle() {
  const bytes = new Uint8Array(readFileSync(join(reference, 'scattering.tiles.npy')));
  const area = 128 * 128;
  const start = bytes.length - 3 * area;
  return {
    tiles: [0, 1, 2].map((i) => bytes.slice(start + i * area, start + (i + 1) * area)),
    expected: readNpyFile(join(reference, 'scattering.expected.npy')).data,
  };
}

describe('the built-in encoder', () => {
  test('its values are those of the numpy oracle, rounded to float16', async () => {
    const { tiles, expected } = oracle();
    const values = await encode(tiles);
    let exact = 0;
    let largest = 0;
    values.forEach((value, i) => {
      const wanted = expected[i] ?? NaN;
      if (value === fromHalf(halfOf(wanted))) exact++;
      // Rounding alone is half a unit in the last place of a half; what is beyond is float32 noise.
      const unit = 2 ** (Math.max(-14, Math.floor(Math.log2(Math.abs(wanted)))) - 10);
      largest = Math.max(largest, Math.abs(value - wanted) - unit / 2);
      expect(value).toBe(fromHalf(halfOf(value)));
    });
    expect(exact / values.length).toBeGreaterThan(0.99);
    expect(largest).toBeLessThan(1e-5);
  });

  test('a row does not depend on what else is in a batch of the same size', async () => {
    const { tiles } = oracle();
    const [a, b, c] = tiles as [Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>];
    const first = (await encode([a, b, c])).subarray(0, 3856);
    const second = (await encode([a, c, new Uint8Array(128 * 128)])).subarray(0, 3856);
    expect(second).toEqual(first);
  });

  test('a mirrored image has its values where the layout says', async () => {
    // The third one is all but uniform.
    const tiles = oracle().tiles.slice(0, 2);
    const values = await encode(tiles);
    const mirrored = await encode(tiles.map((tile) => tile.map((_, at) => tile[at + 127 - 2 * (at % 128)] ?? 0)));
    const maps = scatteringMaps();
    const distance = (mirrorOf: (map: number) => number) =>
      mirrored.reduce((sum, value, i) => {
        const map = Math.floor((i % 3856) / 16);
        return sum + Math.abs(value - (values[i + 16 * (mirrorOf(map) - map) + 3 - 2 * (i % 4)] ?? NaN));
      }, 0);
    // Halving keeps the even columns, which are the odd ones of the mirrored image: it is not quite the same.
    expect(distance((map) => maps[map]?.mirror ?? -1)).toBeLessThan(0.5 * distance((map) => map));
  });

  test('a uniform image gives finite values', async () => {
    expect((await encode([new Uint8Array(128 * 128).fill(200)])).every(Number.isFinite)).toBe(true);
  });

  test('its constants are those that its id is for, and so far from where they round that no engine can give others', () => {
    const round = vi.spyOn(Math, 'round');
    const weights = scatteringModel().graph.constants.flatMap(({ name, shape, data }) =>
      data instanceof Float32Array ? [{ name, shape, data }] : [],
    );
    const steps = round.mock.calls.map(([value]) => value);
    round.mockRestore();
    const hash = createHash('sha256');
    for (const { name, shape, data } of weights.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      hash.update(`${name}\0${shape.join(',')}\0`).update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    }
    expect(hash.digest('hex')).toBe(CONSTANTS);
    expect(steps.length).toBeGreaterThan(10_000);
    // In steps of 2^-36: a hundred times what float64 can be off by, and more.
    const nearest = steps.reduce((least, value) => Math.min(least, Math.abs(value - Math.floor(value) - 0.5)), 1);
    expect(nearest / 2 ** 36).toBeGreaterThan(1e-14);
  });

  test('it is made once, and again when it was damaged', async () => {
    // Embeddings are kept under it: it may only change together with what they are.
    expect(builtin.card.id).toBe('99447a67fb9b74344f7146c677b7c4342247ed28bf449abd2eedb417393ee3f6');
    expect(builtin.card.id).toBe(BUILTIN_IDS[0]);
    const other = unwrap(await ensureBuiltin(encoders));
    expect(other).toEqual(builtin);
    truncateSync(builtin.model, 1000);
    const damaged = await openEncoderFolder(builtin.folder);
    expect(damaged.ok ? null : damaged.failure.code).toBe('encoder-corrupt');
    expect(unwrap(await ensureBuiltin(encoders))).toEqual(builtin);
  });
});
