import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { sentence } from '../../../src/contract/catalogue';
import { fail, ok, unwrap } from '../../../src/contract/result';
import { publish, writeFailure } from '../../../src/encoder/publish';

const root = mkdtempSync(join(tmpdir(), 'collimate-'));
afterAll(() => rmSync(root, { recursive: true }));
const bytes = (text: string) => Buffer.from(text);

describe('publishing files', () => {
  test('checks see the file before it has its name; later files are made after them', async () => {
    const folder = join(root, 'a', 'b');
    const seen: string[] = [];
    const files = unwrap(
      await publish(
        folder,
        [
          {
            name: 'one',
            bytes: bytes('1'),
            check: (path) => {
              seen.push(readFileSync(path, 'utf8'), String(existsSync(join(folder, 'one'))));
              return Promise.resolve(ok());
            },
          },
          { name: 'two', bytes: () => bytes(seen.join()) },
        ],
        false,
      ),
    );
    expect(files).toEqual([join(folder, 'one'), join(folder, 'two')]);
    expect(readdirSync(folder)).toEqual(['one', 'two']);
    expect(readFileSync(join(folder, 'two'), 'utf8')).toBe('1,false');
  });

  test('a failed check leaves nothing, not even the folder', async () => {
    const folder = join(root, 'failed');
    const result = await publish(
      folder,
      [
        { name: 'one', bytes: bytes('1') },
        { name: 'two', bytes: bytes('2'), check: () => Promise.resolve(fail('stopped')) },
      ],
      false,
    );
    expect(result).toEqual(fail('stopped'));
    expect(existsSync(folder)).toBe(false);
  });

  test('a failure leaves what was there', async () => {
    const folder = join(root, 'kept');
    unwrap(await publish(folder, [{ name: 'one', bytes: bytes('old') }], false));
    const result = await publish(folder, [{ name: 'one', bytes: bytes('new'), check: () => Promise.resolve(fail('stopped')) }], true);
    expect(result.ok).toBe(false);
    expect(readdirSync(folder)).toEqual(['one']);
    expect(readFileSync(join(folder, 'one'), 'utf8')).toBe('old');
    const refused = await publish(folder, [{ name: 'one', bytes: bytes('new') }], false);
    expect(refused.ok ? null : refused.failure.code).toBe('output-exists');
  });

  test('errors of the file system become sentences', async () => {
    const error = (code: string) => Object.assign(new Error(code), { code });
    const said = ['ENOSPC', 'EROFS', 'EACCES', 'EIO'].map((code) => writeFailure('/there', error(code)).failure);
    expect(said.map(({ code }) => code)).toEqual(['disk-full', 'folder-not-writable', 'folder-not-writable', 'write-failed']);
    for (const failure of said) expect(sentence(failure)).toContain('/there');
    expect(() => writeFailure('/there', new TypeError('a bug'))).toThrow('a bug');
    writeFileSync(join(root, 'file'), '');
    const blocked = await publish(join(root, 'file'), [{ name: 'one', bytes: bytes('1') }], false);
    expect(blocked.ok ? null : blocked.failure.code).toBe('folder-not-writable');
  });
});
