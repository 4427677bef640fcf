import * as fc from 'fast-check';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { unwrap } from '../../../src/contract/result';
import { encodeNpy, readNpy } from '../../../src/files/npy';

const reference = (name: string) => resolve(import.meta.dirname, '../../reference/files/npy', name);
/** What make.py writes. */
const values = Float32Array.from({ length: 12 }, (_, n) => Math.fround((n - 5) / 3));

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'npy-'));
});
afterAll(() => rm(folder, { recursive: true }));

describe('readNpy', () => {
  test.each(['version1.npy', 'version2.npy'])('reads %s as NumPy wrote it', async (name) => {
    expect(unwrap(await readNpy(reference(name)))).toEqual({ rows: 3, columns: 4, data: values });
  });

  test('reads an array without rows', async () => {
    expect(unwrap(await readNpy(reference('empty.npy')))).toEqual({ rows: 0, columns: 4, data: new Float32Array(0) });
  });

  test.each([
    ['float64.npy', 'its values are of type <f8, expected <f4 (float32)'],
    ['big-endian.npy', 'its values are of type >f4, expected <f4 (float32)'],
    ['fortran.npy', 'its values are in Fortran order'],
    ['flat.npy', 'it has not two dimensions'],
    ['nan.npy', 'row 2 holds a value that is no number'],
    ['make.py', 'it is not in the format of NumPy'],
  ])('refuses %s: %s', async (name, reason) => {
    expect(await readNpy(reference(name))).toMatchObject({ ok: false, failure: { code: 'array-invalid', params: { reason } } });
  });

  test('a file that is not there is unreadable', async () => {
    expect(await readNpy(join(folder, 'none.npy'))).toMatchObject({ ok: false, failure: { code: 'file-unreadable' } });
  });

  test('cut at any byte, or one byte longer, it is refused', async () => {
    const whole = await readFile(reference('version1.npy'));
    const file = join(folder, 'cut.npy');
    for (let cut = 0; cut < whole.length; cut++) {
      await writeFile(file, whole.subarray(0, cut));
      expect(await readNpy(file)).toMatchObject({ ok: false, failure: { code: 'array-invalid' } });
    }
    await writeFile(file, Buffer.concat([whole, Buffer.alloc(1)]));
    expect(await readNpy(file)).toMatchObject({ ok: false, failure: { code: 'array-invalid' } });
  });

  test('a header that claims a huge array allocates nothing', async () => {
    const file = join(folder, 'huge.npy');
    const whole = await readFile(reference('version1.npy'), 'latin1');
    await writeFile(file, whole.replace('(3, 4), }    ', '(99999999, 4), }').slice(0, whole.length), 'latin1');
    expect(await readNpy(file)).toMatchObject({ ok: false, failure: { code: 'array-invalid' } });
  });
});

describe('encodeNpy', () => {
  test('writes the same bytes as NumPy', async () => {
    expect(Buffer.concat(encodeNpy({ rows: 3, columns: 4, data: values }))).toEqual(await readFile(reference('version1.npy')));
  });

  test('what was written is read again', async () => {
    const file = join(folder, 'round.npy');
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 9 }),
        fc.array(fc.float({ noNaN: true, noDefaultInfinity: true }), { maxLength: 40 }),
        async (columns, all) => {
          const rows = Math.floor(all.length / columns);
          const data = Float32Array.from(all.slice(0, rows * columns));
          await writeFile(file, Buffer.concat(encodeNpy({ rows, columns, data })));
          expect(unwrap(await readNpy(file))).toEqual({ rows, columns, data });
        },
      ),
      { numRuns: 50 },
    );
  });
});
