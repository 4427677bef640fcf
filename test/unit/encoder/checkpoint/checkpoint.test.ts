import * as fc from 'fast-check';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { sentence } from '../../../../src/contract/catalogue';
import { unwrap, type Failure } from '../../../../src/contract/result';
import { openCheckpoint } from '../../../../src/encoder/checkpoint/checkpoint';
import { evaX, hasEvaX } from '../arrays';
import { zip } from './archive';

const reference = resolve(import.meta.dirname, '../../../reference/encoder/checkpoints');
const folder = mkdtempSync(join(tmpdir(), 'collimate-'));
afterAll(() => rmSync(folder, { recursive: true }));

type Expected = Record<string, { shape: number[]; dtype: string; values: number[] }>;
const expected = JSON.parse(readFileSync(join(reference, 'expected.json'), 'utf8')) as Record<string, Expected>;

/** Opens a file and reads all of its weights. */
async function readAll(path: string): Promise<Failure | 'read'> {
  const opened = await openCheckpoint(path);
  if (!opened.ok) return opened.failure;
  try {
    for (const name of opened.value.weights.keys()) {
      const read = await opened.value.read(name);
      if (!read.ok) return read.failure;
    }
    return 'read';
  } finally {
    await opened.value.close();
  }
}

async function failureOf(bytes: Uint8Array, name = 'x.pt'): Promise<Failure | 'read'> {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return readAll(path);
}

const codeOf = (failure: Failure | 'read') => (failure === 'read' ? failure : failure.code);

describe('checkpoints that PyTorch wrote', () => {
  test('in the format from before version 1.6', async () => {
    const checkpoint = unwrap(await openCheckpoint(join(reference, 'legacy.pt')));
    const same = expected['places-top'] ?? {};
    expect([...checkpoint.weights.keys()]).toEqual(Object.keys(same));
    for (const [key, { values }] of Object.entries(same)) expect(unwrap(await checkpoint.read(key))).toEqual(Float32Array.from(values));
    await checkpoint.close();
  });

  test.each(Object.entries(expected))('%s', async (name, weights) => {
    const checkpoint = unwrap(await openCheckpoint(join(reference, `${name}.pt`)));
    // Names are those of the file.
    const prefix = name === 'places-data-parallel' ? 'module.' : '';
    expect([...checkpoint.weights.keys()].sort()).toEqual(
      Object.keys(weights)
        .map((key) => prefix + key)
        .sort(),
    );
    for (const [plain, { shape, dtype, values }] of Object.entries(weights)) {
      const key = prefix + plain;
      expect(checkpoint.weights.get(key)).toMatchObject({ shape, dtype });
      expect(unwrap(await checkpoint.read(key))).toEqual(Float32Array.from(values));
    }
    await checkpoint.close();
  });

  test('what a pickle wants to be called is not called', async () => {
    expect(readFileSync(join(reference, 'surroundings.pt')).includes('touch collimate-was-here')).toBe(true);
    expect(await readAll(join(reference, 'surroundings.pt'))).toBe('read');
    expect(existsSync('collimate-was-here')).toBe(false);
  });
});

describe('files that are no checkpoint, or a damaged one', () => {
  test('big-endian numbers, in any format, are named', async () => {
    const legacy = readFileSync(join(reference, 'legacy.pt'));
    const at = legacy.indexOf('little_endian') + 'little_endian'.length;
    // q, memo number, NEWTRUE
    expect(legacy[at + 2]).toBe(0x88);
    legacy[at + 2] = 0x89;
    expect(await failureOf(legacy, 'big.pt')).toMatchObject({
      code: 'checkpoint-format-unsupported',
      params: { format: 'big-endian numbers' },
    });
  });

  test('a pickle of something else is not one', async () => {
    expect(codeOf(await failureOf(Buffer.from('\x80\x04K\x01.', 'latin1')))).toBe('checkpoint-not-one');
    expect(codeOf(await failureOf(Buffer.from('\x80\x02c__main__\nModel\n)\x81.', 'latin1')))).toBe('checkpoint-not-one');
  });

  test('safetensors whose header does not fit', async () => {
    const file = (header: string, data = 4) => {
      const length = Buffer.alloc(8);
      length.writeBigUInt64LE(BigInt(header.length));
      return Buffer.concat([length, Buffer.from(header), Buffer.alloc(data)]);
    };
    const entry = (dtype: string, shape: string, from: number, to: number) =>
      `{"a":{"dtype":"${dtype}","shape":${shape},"data_offsets":[${String(from)},${String(to)}]}}`;
    expect(await failureOf(file(entry('F32', '[1]', 0, 4)))).toBe('read');
    for (const header of [
      entry('F32', '[2]', 0, 8),
      entry('F32', '[2]', 0, 4),
      entry('F32', '[1]', 4, 0),
      entry('F32', '[-1]', 0, 4),
      entry('F32', '[1e300,0]', 0, 4),
      entry('F8_E4M3', '[4]', 0, 4),
      '{"a":1}',
      '{"a"',
    ]) {
      expect([header, codeOf(await failureOf(file(header)))]).toEqual([header, 'checkpoint-corrupt']);
    }
  });

  test('anything else is not one', async () => {
    for (const text of ['', 'x', '<html>404</html>', 'a'.repeat(10_000)]) {
      expect(codeOf(await failureOf(Buffer.from(text)))).toBe('checkpoint-not-one');
    }
    expect(codeOf(await failureOf(zip([{ name: 'word/document.xml', bytes: Buffer.from('<x/>') }])))).toBe('checkpoint-not-one');
    expect(codeOf(await readAll(folder))).toBe('checkpoint-not-one');
    expect(codeOf(await readAll(join(folder, 'nowhere.pt')))).toBe('file-missing');
  });

  test('cut anywhere: a sentence', async () => {
    const whole = readFileSync(join(reference, 'surroundings.pt'));
    for (let length = 0; length < whole.length; length += 13) {
      const failure = await failureOf(whole.subarray(0, length), 'cut.pt');
      expect(['checkpoint-not-one', 'checkpoint-corrupt']).toContain(codeOf(failure));
    }
  });

  test('flipped bytes: a sentence, or the same weights', async () => {
    const whole = readFileSync(join(reference, 'surroundings.pt'));
    const flips = fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(flips, async (changes) => {
        const bytes = Buffer.from(whole);
        for (const [at, value] of changes) bytes[at] = value;
        const failure = await failureOf(bytes, 'flipped.pt');
        expect(failure === 'read' || sentence(failure).length > 20).toBe(true);
      }),
      { numRuns: 500, seed: 1 },
    );
  });

  test('random bytes behind a right signature: a sentence', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 0, maxLength: 400 }), async (noise) => {
        const failure = await failureOf(Buffer.concat([Buffer.from('PK\u0003\u0004'), noise]), 'noise.pt');
        expect(codeOf(failure)).toBe('checkpoint-corrupt');
      }),
      { numRuns: 200, seed: 1 },
    );
  });

  test('random pickles: a sentence or nothing to read', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 0, maxLength: 300 }), async (noise) => {
        const failure = await failureOf(zip([{ name: 'x/data.pkl', bytes: noise }]), 'pickle.pt');
        expect(['read', 'checkpoint-corrupt']).toContain(codeOf(failure));
      }),
      { numRuns: 500, seed: 1 },
    );
  });
});

describe('files made to do harm', () => {
  const pickle = (text: string) => Buffer.from(text, 'latin1');

  test('compressed entries are never inflated', async () => {
    const bomb = zip([{ name: 'x/data.pkl', bytes: Buffer.alloc(1000), method: 8, size: 2 ** 31 }]);
    expect(await failureOf(bomb)).toMatchObject({ code: 'checkpoint-corrupt', params: { reason: 'entry x/data.pkl is compressed' } });
  });

  test('entries that claim more than the file holds, or overlap it', async () => {
    const claims = zip([{ name: 'x/data.pkl', bytes: Buffer.alloc(10), size: 2 ** 30, stored: 2 ** 30 }]);
    expect(codeOf(await failureOf(claims))).toBe('checkpoint-corrupt');
    const many = zip([{ name: 'x/data.pkl', bytes: Buffer.from('N.') }], { count: 65_000 });
    expect(codeOf(await failureOf(many))).toBe('checkpoint-corrupt');
  });

  test('a tensor that claims more numbers than its storage holds', async () => {
    // {"w": torch._utils._rebuild_tensor_v2(storage of 1 float, 0, (2**30,), (0,), False, {})} in protocol 2
    const huge = pickle(
      '\x80\x02}X\x01\x00\x00\x00wctorch._utils\n_rebuild_tensor_v2\n((X\x07\x00\x00\x00storagectorch\nFloatStorage\nX\x01\x00\x00\x000X\x03\x00\x00\x00cpuK\x01tQK\x00J\x00\x00\x00\x40\x85K\x00\x85\x89}tRs.',
    );
    const failure = await failureOf(
      zip([
        { name: 'x/data.pkl', bytes: huge },
        { name: 'x/data/0', bytes: Buffer.alloc(4) },
      ]),
    );
    expect(failure).toMatchObject({ code: 'checkpoint-corrupt', params: { reason: 'w claims 1073741824 numbers' } });
  });

  test('deep nesting and endless memo references cost no stack', async () => {
    const deep = Buffer.concat([pickle('\x80\x02'), Buffer.alloc(200_001, 0x5d), Buffer.alloc(200_000, 0x61), pickle('.')]);
    expect(codeOf(await failureOf(zip([{ name: 'x/data.pkl', bytes: deep }])))).toBe('read');
    // A list that holds itself, as the weights.
    const loop = pickle('\x80\x02}q\x00X\x05\x00\x00\x00modelh\x00s.');
    expect(codeOf(await failureOf(zip([{ name: 'x/data.pkl', bytes: loop }])))).toBe('read');
  });

  test('a pickle of millions of objects is given up', async () => {
    const bytes = Buffer.concat([pickle('\x80\x02'), Buffer.alloc(5_000_000, 0x5d), pickle('.')]);
    expect(await failureOf(zip([{ name: 'x/data.pkl', bytes }]))).toMatchObject({ params: { reason: 'it holds too many objects' } });
  });
});

describe.skipIf(!hasEvaX)('mutants of an EVA-X checkpoint', () => {
  test('cut at many places: a sentence each', async () => {
    const whole = readFileSync(join(evaX, 'micro-packed.pt'));
    for (let i = 0; i < 100; i++) {
      const failure = await failureOf(whole.subarray(0, Math.floor((whole.length * i) / 100)), 'cut.pt');
      expect(['checkpoint-not-one', 'checkpoint-corrupt']).toContain(codeOf(failure));
    }
  });
});
