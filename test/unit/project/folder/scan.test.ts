import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { writeFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { comparePaths } from '../../../../src/contract/order';
import { localDrive, patiently, type Drive } from '../../../../src/files/drive';
import { scanFolder, type ScanEntry } from '../../../../src/project/folder/scan';
import { missing, shared } from '../../imaging/shared';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'collimate-scan-'));
});
afterEach(async () => rm(folder, { recursive: true, force: true }));

const jpeg = Buffer.from([0xff, 0xd8, 0xff, 0xe0]);
const dicom = Buffer.concat([Buffer.alloc(128), Buffer.from('DICM'), Buffer.alloc(40)]);

async function put(path: string, bytes: Uint8Array | string = jpeg): Promise<void> {
  await mkdir(dirname(join(folder, path)), { recursive: true });
  await writeFile(join(folder, path), bytes);
}

async function scan(): Promise<ScanEntry[]> {
  const entries: ScanEntry[] = [];
  for await (const batch of scanFolder(folder)) {
    if (!batch.ok) throw new Error(batch.failure.code);
    entries.push(...batch.value);
  }
  return entries;
}
const files = async () => (await scan()).flatMap((entry) => (entry.kind === 'file' ? [entry.path] : []));
const reasons = async () =>
  Object.fromEntries((await scan()).flatMap((entry) => (entry.kind === 'skipped' ? [[entry.path, entry.reason]] : [])));

test('images at any depth, with size, time and format', async () => {
  await put('b/c/d.PNG', dicom);
  await put('a.Jpeg');
  await utimes(join(folder, 'a.Jpeg'), 1000, 2000.5);
  expect(await scan()).toEqual([
    { kind: 'file', path: 'a.Jpeg', bytes: 4, mtime: 2_000_500, format: 'JPEG' },
    { kind: 'file', path: 'b/c/d.PNG', bytes: 172, mtime: expect.any(Number) as number, format: 'DICOM' },
  ]);
});

test('the order is that of the bytes of the whole path', async () => {
  const name = fc
    .string({ unit: fc.constantFrom('a', 'b', '-', '.', '0', 'é', '胸', '🫁'), minLength: 1, maxLength: 4 })
    .filter((text) => !text.startsWith('.'));
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(fc.array(name, { minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 12, selector: (parts) => parts.join('/') }),
      async (paths) => {
        await rm(folder, { recursive: true, force: true });
        await mkdir(folder, { recursive: true });
        for (const parts of paths) await put(`${parts.join('/')}.png`);
        const found = await files();
        expect(found).toHaveLength(paths.length);
        expect(found).toEqual([...found].sort(comparePaths));
      },
    ),
    { numRuns: 40 },
  );
});

test('what is not an image of the folder is skipped with a reason', async () => {
  for (const name of [
    '.hidden.jpg',
    '._a.jpg',
    'Thumbs.db',
    'desktop.ini',
    '.git/x.png',
    'DICOMDIR',
    'a.jpg.part',
    'a.jpg~',
    'notes.txt',
    'x.svg',
    'x.png',
    'README',
  ])
    await put(name, 'x');
  await put('x.gif', 'GIF89a');
  await put('nothing.dcm', '');
  expect(await reasons()).toEqual({
    '.git': 'hidden',
    '.hidden.jpg': 'hidden',
    '._a.jpg': 'hidden',
    DICOMDIR: 'hidden',
    README: 'not-an-image',
    'Thumbs.db': 'hidden',
    'a.jpg.part': 'hidden',
    'a.jpg~': 'hidden',
    'desktop.ini': 'hidden',
    'notes.txt': 'not-an-image',
    'nothing.dcm': 'misnamed',
    'x.gif': 'format-unsupported',
    'x.png': 'misnamed',
    'x.svg': 'not-an-image',
  });
});

test('whatever its name, a file is judged by its first bytes', async () => {
  const ending = fc.constantFrom('', '.dcm', '.png', '.CR', '.img', '.txt', '.840.113619.2', '.gif', '.tar.gz', '.xyz');
  const contents = {
    image: [jpeg, dicom],
    other: [Buffer.from('GIF89a'), Buffer.from('%PDF-1.7')],
    none: [Buffer.from('text'), Buffer.alloc(0)],
  };
  const kind = fc.constantFrom('image', 'other', 'none');
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(ending, kind, fc.integer({ min: 0, max: 1 })), { minLength: 1, maxLength: 8 }), async (made) => {
      await rm(folder, { recursive: true, force: true });
      for (const [i, [end, what, which]] of made.entries()) await put(`${String(i)}${end}`, contents[what][which] ?? '');
      const taken = (entry: ScanEntry) => {
        if (entry.kind === 'file') return 'image';
        return entry.reason === 'format-unsupported'
          ? 'other'
          : ['not-an-image', 'misnamed'].includes(entry.reason)
            ? 'none'
            : entry.reason;
      };
      const found = (await scan()).map((entry): [number, string] => [Number.parseInt(entry.path, 10), taken(entry)]);
      expect(found.sort(([a], [b]) => a - b)).toEqual(made.map(([, what], i) => [i, what]));
    }),
    { numRuns: 40 },
  );
});

test('numbers and texts that begin somewhat like an image are none', async () => {
  await put('numbers.bin', new Uint8Array(Uint32Array.from([8, 12, 7, 100_000, 4, 4]).buffer));
  await put('eight.bin', new Uint8Array(Uint32Array.from([8, 4, 0xdeadbeef, 1]).buffer));
  await put('note', 'BMI 22, 30 pack years, no acute findings.');
  await put('bare', Buffer.concat([Buffer.from([8, 0, 5, 0, 10, 0, 0, 0]), Buffer.from('ISO_IR 100'), Buffer.alloc(20)]));
  expect(await files()).toEqual(['bare']);
});

test('a file that is known as an image is one whatever its bytes are now, and is not opened where it is the same', async () => {
  await put('changed.png', 'no longer one');
  await put('same.png', 'whatever');
  await put('new.png', 'none');
  const opened: string[] = [];
  const beginning: Drive['beginning'] = (path) => {
    opened.push(path.slice(folder.length + 1));
    return localDrive.beginning(path);
  };
  const known = (path: string) => (path === 'same.png' ? 'settled' : path === 'changed.png' ? 'known' : null);
  const found = await scanFolder(folder, { known, drive: { ...localDrive, beginning } }).next();
  expect(found.value).toMatchObject({
    value: [
      { path: 'changed.png', kind: 'file', format: null },
      { path: 'new.png', reason: 'misnamed' },
      { path: 'same.png', kind: 'file' },
    ],
  });
  expect(opened.sort()).toEqual(['changed.png', 'new.png']);
});

describe.skipIf(missing('cases/endings'))('endings that were met elsewhere', () => {
  test('DICOM under any ending is found', async () => {
    const found = await scanFolder(join(shared, 'cases/endings')).next();
    expect(found.value).toMatchObject({
      value: ['IMG0001.CR', 'foo.img', 'ok.dcm'].map((path) => ({ path, kind: 'file', format: 'DICOM' })),
    });
  });
});

test('odd names come through unchanged', async () => {
  const names = [
    ' lead.jpg',
    '-rf.jpg',
    '$(x).jpg',
    '%2e.jpg',
    '.jpg',
    '..jpg',
    'new\nline.jpg',
    'back\\slash.jpg',
    '胸部X線.jpg',
    '🫁.jpg',
  ];
  for (const name of names) await put(name);
  expect(new Set(await files())).toEqual(new Set(names));
});

describe.skipIf(process.platform === 'win32')('a tree that bites', () => {
  test('links, loops, pipes and devices are never followed or opened', async () => {
    await put('a/1.jpg');
    for (const [target, path] of [
      ['..', 'a/up'],
      ['.', 'a/self'],
      ['/dev/zero', 'endless.jpg'],
      ['/', 'root'],
      ['nowhere', 'dangling.jpg'],
      ['a/1.jpg', 'link.jpg'],
      ['loop', 'loop'],
    ] as const) {
      await symlink(target, join(folder, path));
    }
    execFileSync('mkfifo', [join(folder, 'pipe.jpg')]);
    expect(await files()).toEqual(['a/1.jpg']);
    expect(await reasons()).toMatchObject({ 'pipe.jpg': 'not-a-file', 'endless.jpg': 'symbolic-link', 'link.jpg': 'symbolic-link' });
  });

  test('a name that is not UTF-8 is told, not opened', async () => {
    execFileSync('bash', ['-c', `printf x > "$1"/$'bad-\\xff\\xfe.jpg'`, '-', folder]);
    expect(Object.values(await reasons())).toEqual(['name-unreadable']);
  });
});

test('a folder that is missing, or a file instead, is a failure', async () => {
  await put('file.png');
  const first = async (path: string) => (await scanFolder(path).next()).value;
  expect(await first(join(folder, 'gone'))).toMatchObject({ ok: false, failure: { code: 'folder-missing' } });
  expect(await first(join(folder, 'file.png'))).toMatchObject({ ok: false, failure: { code: 'folder-unreadable' } });
});

test('it streams in batches and stops when told', async () => {
  await Promise.all(Array.from({ length: 700 }, async (_, i) => put(`many/${String(i)}.png`)));
  const controller = new AbortController();
  const outcomes: (number | string)[] = [];
  for await (const batch of scanFolder(folder, { signal: controller.signal })) {
    outcomes.push(batch.ok ? batch.value.length : batch.failure.code);
    controller.abort();
  }
  expect(outcomes).toEqual([32, 'stopped']);
});

/** A call that does not come back, as from a network drive that is gone, until the test is over. */
const hanging: (() => void)[] = [];
const silence = () => new Promise<never>((_, reject) => hanging.push(() => reject(new Error('it is back'))));
const answerAll = async () => {
  for (const end of hanging.splice(0)) end();
  await setImmediate();
};

describe('a drive that fails while it is scanned', () => {
  afterEach(answerAll);

  const outcomes = async (drive: Partial<Drive>) => {
    const found: string[] = [];
    for await (const batch of scanFolder(folder, { seconds: 0.1, drive: { ...localDrive, ...drive } })) {
      found.push(
        batch.ok ? batch.value.map(({ path }) => path).join(' ') : `${batch.failure.code}: ${String(batch.failure.params['reason'])}`,
      );
    }
    return found;
  };

  test.each<[string, Partial<Drive>]>([
    ['at once', { realpath: silence }],
    ['at a folder', { list: (path) => (path.endsWith('b/') ? silence() : localDrive.list(path)) }],
    ['at a file', { examine: (path) => (path.endsWith('2.png') ? silence() : localDrive.examine(path)) }],
    ['inside a file', { beginning: silence }],
  ])('it does not answer, %s: the scan ends with a sentence', async (_name, drive) => {
    await put('a/1.png');
    await put('b/2.png');
    await put('b/IM0001');
    expect((await outcomes(drive)).at(-1)).toBe('folder-unreadable: the drive does not answer');
  });

  test('however often it is asked, no more than two calls of the process hang, and other drives are asked again once it answers', async () => {
    await put('a/1.png');
    let asked = 0;
    const list: Drive['list'] = async () => {
      asked += 1;
      return silence();
    };
    for (let n = 0; n < 4; n++) expect((await outcomes({ list })).at(-1)).toBe('folder-unreadable: the drive does not answer');
    expect(asked).toBe(2);
    const start = performance.now();
    await expect(patiently(() => Promise.resolve(), 0.1)).rejects.toMatchObject({ code: 'ETIMEDOUT' });
    expect(performance.now() - start).toBeLessThan(1000);
    await answerAll();
    expect(await outcomes({})).toEqual(['a/1.png']);
  });

  test('a folder that vanishes is an entry, the others go on', async () => {
    await put('a/1.png');
    await put('b/2.png');
    await put('c/3.png');
    const list: Drive['list'] = async (path) => {
      if (path.endsWith('b/')) await rm(path, { recursive: true });
      return localDrive.list(path);
    };
    expect(await outcomes({ list })).toEqual(['a/1.png b/ c/3.png']);
  });

  test('a file that vanishes is an entry', async () => {
    await put('a/1.png');
    await put('a/2.png');
    const examine: Drive['examine'] = async (path) => {
      if (path.endsWith('1.png')) await rm(path);
      return localDrive.examine(path);
    };
    const entries: ScanEntry[] = [];
    for await (const batch of scanFolder(folder, { drive: { ...localDrive, examine } })) if (batch.ok) entries.push(...batch.value);
    expect(entries).toMatchObject([
      { kind: 'skipped', path: 'a/1.png', reason: 'unreadable', detail: 'it is not there' },
      { kind: 'file', path: 'a/2.png' },
    ]);
  });
});

test('of 20,000 files the first are there within a moment', async () => {
  await mkdir(join(folder, 'many'));
  for (let i = 0; i < 20_000; i++) writeFileSync(join(folder, 'many', `${String(i)}.dcm`), '');
  const start = performance.now();
  const first = await scanFolder(folder).next();
  // 100,000 are to give their first batch within 2 s on a quiet machine.
  expect(performance.now() - start).toBeLessThan(2000);
  expect(first.value).toMatchObject({ ok: true });
});
