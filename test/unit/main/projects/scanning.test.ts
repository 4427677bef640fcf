import { createHash } from 'node:crypto';
import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ulid } from 'ulid';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SCHEMA, type ImageRecord, type Project } from '../../../../src/contract/model';
import { DISPLAY_RULE } from '../../../../src/contract/display-rule';
import { fail, ok, type Result } from '../../../../src/contract/result';
import { scan } from '../../../../src/main/projects/scanning';

/** Bytes that begin as a PNG does. */
const png = (text: string) => Buffer.concat([Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]), Buffer.from(text)]);
const sha256 = (file: string) => createHash('sha256').update(readFileSync(file)).digest('hex');

describe('scanning a folder again', () => {
  let folder = '';
  let project: Project;
  let hashed: string[] = [];
  const images = new Map<string, ImageRecord>();
  const at = (path: string) => join(folder, path);
  const byPath = (path: string) => [...images.values()].find((image) => image.path === path);

  /** Scans and keeps what comes, as the session does; returns the paths of written records and the keys that were seen. */
  async function look() {
    const written: string[] = [];
    const seen: string[] = [];
    const doubtful: string[] = [];
    hashed = [];
    const result = await scan(project, images.values(), {
      signal: new AbortController().signal,
      hash: (file) => {
        hashed.push(file);
        return Promise.resolve(ok(sha256(file)));
      },
      onBatch: (batch) => {
        for (const record of batch.records) images.set(record.id, record);
        written.push(...batch.records.map(({ path }) => path));
        seen.push(...batch.seen);
        doubtful.push(...batch.doubtful.map((key) => key.slice(key.indexOf('/') + 1)));
        return Promise.resolve();
      },
    });
    expect(result.ok).toBe(true);
    return { written: written.sort(), seen, doubtful };
  }

  beforeEach(async () => {
    images.clear();
    folder = mkdtempSync(join(tmpdir(), 'collimate-scan-'));
    mkdirSync(at('sub'));
    for (const name of ['a.png', 'b.png', 'sub/c.png', 'twin.png']) writeFileSync(at(name), png(name === 'twin.png' ? 'a.png' : name));
    project = {
      id: ulid(),
      name: 'scan',
      schema: SCHEMA,
      roots: [{ id: ulid(), path: folder }],
      task: 'multiclass',
      findings: [],
      encoder: 'builtin',
      seed: 0,
      audit: { share: 0, from: 0 },
      annotators: [],
      created: '2026-11-22T10:00:00.000Z',
    };
    await look();
    for (const image of images.values()) images.set(image.id, { ...image, sha256: sha256(at(image.path)), patient: 'p' });
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('writes nothing where nothing changed', async () => {
    const { written, seen } = await look();
    expect(written).toEqual([]);
    expect(seen).toHaveLength(4);
    expect(hashed).toEqual([]);
  });

  it('a renamed file keeps its id, its hash and what was read of it; only likely files are hashed', async () => {
    const before = byPath('b.png');
    renameSync(at('b.png'), at('sub/renamed.png'));
    writeFileSync(at('new.png'), png('of another length'));
    const { written } = await look();
    expect(written).toEqual(['new.png', 'sub/renamed.png']);
    expect(byPath('sub/renamed.png')).toMatchObject({ id: before?.id, sha256: before?.sha256, patient: 'p' });
    expect(hashed).toEqual([at('sub/renamed.png')]);
  });

  it('a changed file keeps its id and forgets its hash', async () => {
    const before = byPath('a.png');
    appendFileSync(at('a.png'), 'more');
    const { written } = await look();
    expect(written).toEqual(['a.png']);
    expect(byPath('a.png')).toMatchObject({ id: before?.id, sha256: null, patient: null });
  });

  it('two equal files stay two images, also when both move', async () => {
    const ids = [byPath('a.png')?.id, byPath('twin.png')?.id];
    renameSync(at('a.png'), at('sub/a.png'));
    renameSync(at('twin.png'), at('sub/twin.png'));
    await look();
    expect([byPath('sub/a.png')?.id, byPath('sub/twin.png')?.id]).toEqual(ids);
    expect(images.size).toBe(4);
  });

  it('a new file of the same size and time as a missing one is not taken for it', async () => {
    const before = byPath('b.png');
    rmSync(at('b.png'));
    writeFileSync(at('x.png'), png('B.PNG'));
    utimesSync(at('x.png'), new Date(before?.mtime ?? 0), new Date(before?.mtime ?? 0));
    await look();
    expect(byPath('x.png')?.id).not.toBe(before?.id);
  });

  it('frames stay together when their file is renamed or changes, each with its id', async () => {
    const first = byPath('b.png');
    if (!first) throw new Error('b.png is not known');
    images.set(first.id, { ...first, frame: 0 });
    const second = { ...first, id: ulid(), frame: 1 };
    images.set(second.id, second);
    renameSync(at('b.png'), at('sub/film.png'));
    await look();
    const frames = () => [...images.values()].filter(({ path }) => path === 'sub/film.png');
    expect(frames().map(({ id, frame }) => [id, frame])).toEqual([
      [first.id, 0],
      [second.id, 1],
    ]);
    expect(images.size).toBe(5);
    appendFileSync(at('sub/film.png'), 'more');
    await look();
    expect(frames().map(({ id, frame, sha256: hash }) => [id, frame, hash])).toEqual([
      [first.id, 0, null],
      [second.id, 1, null],
    ]);
  });

  it('fails where nobody can compare contents: no file that moved is taken for a new one, and its labels stay with it', async () => {
    writeFileSync(at('a.png'), png('a'));
    await look();
    for (const image of images.values()) images.set(image.id, { ...image, sha256: sha256(at(image.path)) });
    const before = new Map(images);
    renameSync(at('a.png'), at('sub/b.png'));
    const gone = fail('process-gone', { process: 'imaging', how: 'crashed' });
    const hash = (): Promise<Result<string | null>> => Promise.resolve(gone);
    const onBatch = ({ records }: { records: readonly ImageRecord[] }) => {
      for (const record of records) images.set(record.id, record);
      return Promise.resolve();
    };
    expect(await scan(project, images.values(), { signal: new AbortController().signal, hash, onBatch })).toEqual(gone);
    expect(images).toEqual(before);
  });

  it('a comparison that is stopped adds nothing that may be a missing image, and the next scan goes on', async () => {
    const names = Array.from({ length: 40 }, (_, n) => `f${String(n).padStart(2, '0')}.png`);
    for (const name of names) writeFileSync(at(name), png(name));
    await look();
    for (const image of images.values()) images.set(image.id, { ...image, sha256: sha256(at(image.path)) });
    const before = images.size;
    for (const name of names) renameSync(at(name), at(`sub/new-${name}`));
    const stop = new AbortController();
    const told: [number, number][] = [];
    const result = await scan(project, images.values(), {
      signal: new AbortController().signal,
      comparing: stop.signal,
      onCompare: (done, total) => told.push([done, total]),
      hash: (file) => {
        stop.abort();
        return Promise.resolve(ok(sha256(file)));
      },
      onBatch: (batch) => {
        for (const record of batch.records) images.set(record.id, record);
        return Promise.resolve();
      },
    });
    expect(result).toMatchObject({ ok: true, value: { uncompared: 24 } });
    expect(told).toEqual([
      [0, 40],
      [40, 40],
    ]);
    expect(images.size).toBe(before);
    expect([...images.values()].filter(({ path }) => path.startsWith('sub/new-'))).toHaveLength(16);
    await look();
    expect(images.size).toBe(before);
    expect([...images.values()].filter(({ path }) => path.startsWith('sub/new-'))).toHaveLength(40);
  });

  it('a DICOM file that was read before the display rule was counted is doubtful until it is read again, also under another name', async () => {
    const dicom = (text: string) => Buffer.concat([Buffer.alloc(128), Buffer.from('DICM'), Buffer.from(text)]);
    for (const name of ['old.dcm', 'moved.CR', 'new.dcm', 'unread.dcm']) writeFileSync(at(name), dicom(name));
    await look();
    const read = { 'old.dcm': {}, 'moved.CR': {}, 'new.dcm': { display: DISPLAY_RULE } };
    for (const [path, display] of Object.entries(read)) {
      const image = byPath(path);
      if (image) images.set(image.id, { ...image, sha256: sha256(at(path)), ...display });
    }
    renameSync(at('moved.CR'), at('sub/moved.img'));
    expect((await look()).doubtful.sort()).toEqual(['old.dcm', 'sub/moved.img']);
  });

  it('hashes no more once every missing file was found', async () => {
    renameSync(at('b.png'), at('sub/b.png'));
    for (let n = 0; n < 50; n++) writeFileSync(at(`x${String(n).padStart(2, '0')}.dcm`), png(`${String(n).padStart(3, '0')}xx`));
    await look();
    expect(byPath('sub/b.png')).toMatchObject({ patient: 'p' });
    expect(hashed.length).toBeLessThanOrEqual(16);
  });
});
