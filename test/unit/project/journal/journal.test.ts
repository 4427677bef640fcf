import * as fc from 'fast-check';
import { appendFile, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { cellOf, fold, nextUndo } from '../../../../src/contract/fold';
import { SCHEMA, type Action } from '../../../../src/contract/model';
import { fail, ok, unwrap } from '../../../../src/contract/result';
import { disk, type FileLayer } from '../../../../src/project/journal/file-layer';
import { Journal, type Draft } from '../../../../src/project/journal/journal';
import { encodeLine } from '../../../../src/project/journal/line';
import { recover } from '../../../../src/project/journal/recover';
import { actionsOf, annotators, findings, id, plan, project, value } from '../../contract/actions';

const [annotator] = annotators;
const answer = (n: number): Draft => ({
  id: id(7, n),
  annotator,
  time: project.created,
  kind: 'cells',
  cells: [{ image: id(3, n), finding: findings[0], before: null, after: value('present') }],
});

interface Events {
  readonly log: string[];
  /** Thrown by the next calls of that name; null lets one pass. */
  readonly failing: Map<string, (Error | null)[]>;
  /** At most so many bytes are written in one call. */
  writeLimit: number;
}

function watched(): { layer: FileLayer; events: Events } {
  const events: Events = { log: [], failing: new Map(), writeLimit: Infinity };
  const call = async <T>(name: string, work: () => Promise<T>): Promise<T> => {
    events.log.push(name);
    const error = events.failing.get(name)?.shift();
    if (error) throw error;
    return work();
  };
  const layer: FileLayer = {
    async open(path) {
      const file = await disk.open(path);
      return {
        write: (bytes, position) => call('write', () => file.write(bytes.subarray(0, events.writeLimit), position)),
        datasync: () => call('datasync', () => file.datasync()),
        truncate: (length) => call('truncate', () => file.truncate(length)),
        close: () => call('close', () => file.close()),
      };
    },
    syncFolder: (folder) => call('syncFolder', () => disk.syncFolder(folder)),
  };
  return { layer, events };
}

const systemError = (code: string) => Object.assign(new Error(code), { code });

let folder = '';
const path = () => join(folder, 'journal.jsonl');
const reopen = async () => unwrap(await Journal.open(folder, { create: true }));

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'journal-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe('Journal', () => {
  test('what was appended is there when it is opened again, numbered from 1', async () => {
    const journal = await reopen();
    const first = unwrap(await journal.append(answer(1)));
    await journal.append(answer(2));
    await journal.close();
    expect(first.seq).toBe(1);
    const again = await reopen();
    expect(again.last).toBe(2);
    expect(cellOf(again.state, annotator, id(3, 2), findings[0])).toEqual(value('present'));
    await again.close();
  });

  test('each line is JSON with the checksum of the action', async () => {
    const journal = await reopen();
    const action = unwrap(await journal.append(answer(1)));
    await journal.close();
    const text = await readFile(path(), 'utf8');
    expect(text.endsWith('\n')).toBe(true);
    expect(JSON.parse(text)).toEqual({ crc32: expect.stringMatching(/^[0-9a-f]{8}$/), action: { version: SCHEMA, ...action } });
  });

  test('exactly one flush lies between an append and its answer', async () => {
    const { layer, events } = watched();
    const journal = unwrap(await Journal.open(folder, { create: true, layer }));
    for (let n = 0; n < 5; n++) {
      events.log.length = 0;
      await journal.append(answer(n));
      expect(events.log).toEqual(['write', 'datasync']);
    }
    await journal.close();
  });

  test('appends of one moment share a flush, and none is answered before it', async () => {
    const { layer, events } = watched();
    const journal = unwrap(await Journal.open(folder, { create: true, layer }));
    events.log.length = 0;
    await Promise.all(Array.from({ length: 50 }, (_, n) => journal.append(answer(n)).then(() => events.log.push('answered'))));
    expect(events.log.filter((name) => name === 'datasync')).toHaveLength(1);
    expect(events.log.indexOf('datasync')).toBeLessThan(events.log.indexOf('answered'));
    expect(journal.last).toBe(50);
    await journal.close();
  });

  test('the folder is flushed when the journal is made', async () => {
    const { layer, events } = watched();
    const journal = unwrap(await Journal.open(join(folder, 'new'), { create: true, layer }));
    expect(events.log).toContain('syncFolder');
    await journal.close();
  });

  test('a draft that depends on the state sees everything before it', async () => {
    const journal = await reopen();
    const undo = journal.append.bind(journal, (state) => {
      const step = nextUndo(state, annotator);
      return step ? ok<Draft>({ id: id(6, state.seq), annotator, time: project.created, kind: 'undo', ...step }) : fail('nothing-to-undo');
    });
    const results = await Promise.all([
      journal.append(answer(1)),
      journal.append(answer(2)),
      undo(),
      undo(),
      undo(),
      journal.append(answer(3)),
    ]);
    expect(results.map((result) => (result.ok ? result.value.seq : result.failure.code))).toEqual([1, 2, 3, 4, 'nothing-to-undo', 5]);
    expect(cellOf(journal.state, annotator, id(3, 1), findings[0])).toBeNull();
    expect(cellOf(journal.state, annotator, id(3, 3), findings[0])).toEqual(value('present'));
    await journal.close();
  });

  test.each([
    ['ENOSPC', 'write', 'disk-full'],
    ['ENOSPC', 'datasync', 'disk-full'],
    ['EIO', 'write', 'write-failed'],
    ['EIO', 'datasync', 'write-failed'],
  ])('%s in %s is a failure that leaves nothing, and the journal goes on', async (code, at, expected) => {
    const { layer, events } = watched();
    const journal = unwrap(await Journal.open(folder, { create: true, layer }));
    await journal.append(answer(1));
    // Half of the line reaches the disk before the error.
    events.writeLimit = 40;
    events.failing.set(at, at === 'write' ? [null, systemError(code)] : [systemError(code)]);
    expect(await journal.append(answer(2))).toMatchObject({ ok: false, failure: { code: expected } });
    expect(journal.last).toBe(1);
    expect((await readFile(path(), 'utf8')).split('\n')).toHaveLength(2);
    events.writeLimit = Infinity;
    expect(unwrap(await journal.append(answer(3))).seq).toBe(2);
    await journal.close();
    const again = await reopen();
    expect(again.last).toBe(2);
    expect(cellOf(again.state, annotator, id(3, 2), findings[0])).toBeNull();
    await again.close();
  });

  test('a failed write that cannot be cut off at once is cut off before the next', async () => {
    const { layer, events } = watched();
    const journal = unwrap(await Journal.open(folder, { create: true, layer }));
    events.failing.set('datasync', [systemError('EIO')]);
    events.failing.set('truncate', [systemError('EIO')]);
    expect((await journal.append(answer(1))).ok).toBe(false);
    expect(unwrap(await journal.append(answer(2))).seq).toBe(1);
    await journal.close();
    const again = await reopen();
    expect(again.last).toBe(1);
    await again.close();
  });

  test('cut at every byte it opens with all whole lines, keeps the torn bytes, and goes on', async () => {
    const actions = actionsOf(fc.sample(fc.array(plan, { minLength: 4, maxLength: 4 }), { numRuns: 1, seed: 7 })[0] ?? []);
    const whole = Buffer.concat(actions.map(encodeLine));
    for (let cut = 0; cut <= whole.length; cut++) {
      await rm(folder, { recursive: true });
      folder = await mkdtemp(join(tmpdir(), 'journal-'));
      await writeFile(path(), whole.subarray(0, cut));
      const lines = whole.subarray(0, cut).filter((byte) => byte === 0x0a).length;
      const journal = await reopen();
      expect(journal.state).toEqual(fold(actions.slice(0, lines)));
      const torn = cut - (whole.subarray(0, cut).lastIndexOf(0x0a) + 1);
      const aside = (await readdir(folder)).filter((name) => name.startsWith('journal.torn-'));
      expect(aside).toHaveLength(torn > 0 ? 1 : 0);
      for (const name of aside) expect(await readFile(join(folder, name))).toEqual(whole.subarray(cut - torn, cut));
      expect(unwrap(await journal.append(answer(99))).seq).toBe(lines + 1);
      await journal.close();
    }
  }, 120_000);

  test('a last line with a wrong checksum, or zeros at the end, is a torn one', async () => {
    const lines = [1, 2, 3].map((n): Buffer => encodeLine({ ...answer(n), seq: n }));
    for (const tail of [Buffer.from(`{"crc32":"00000000","action":{"seq":4}}\n`), Buffer.alloc(5000)]) {
      await writeFile(path(), Buffer.concat([...lines, tail]));
      const journal = await reopen();
      expect(journal.last).toBe(3);
      await journal.close();
      expect((await readFile(path())).length).toBe(Buffer.concat(lines).length);
    }
  });

  test('any damage before the last line is named with its line, and recover takes out the rest', async () => {
    const lines = Array.from({ length: 9 }, (_, n): Buffer => encodeLine({ ...answer(n), seq: n + 1 }));
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: 7 }), fc.nat(), fc.integer({ min: 1, max: 255 }), async (line, at, flip) => {
        const bytes = Buffer.concat(lines);
        const start = Buffer.concat(lines.slice(0, line)).length;
        const place = start + (at % ((lines[line]?.length ?? 1) - 1));
        bytes.writeUInt8((bytes[place] ?? 0) ^ flip, place);
        await writeFile(path(), bytes);
        const opened = await Journal.open(folder);
        expect(opened).toMatchObject({ ok: false, failure: { code: 'journal-damaged', params: { line: line + 1 } } });
        expect(await readFile(path())).toEqual(bytes);
        const { actions, lost } = unwrap(await recover(folder));
        expect(actions).toBe(8);
        expect(lost.length).toBeGreaterThan(0);
      }),
      { numRuns: 60 },
    );
  });

  test('a project of a newer schema is refused, and an unknown action is never taken for a torn line', async () => {
    const newer = { ...answer(1), seq: 1, kind: 'project', project: { ...project, schema: 2 } } as unknown as Action;
    await writeFile(path(), encodeLine(newer));
    expect(await Journal.open(folder)).toMatchObject({ ok: false, failure: { code: 'project-newer', params: { found: 2, known: 1 } } });
    await writeFile(path(), encodeLine({ ...answer(1), seq: 1, kind: 'dream' } as unknown as Action));
    expect(await Journal.open(folder)).toMatchObject({ ok: false, failure: { code: 'journal-damaged', params: { line: 1 } } });
  });

  test('an invalid action is a bug, and is not written', async () => {
    const journal = await reopen();
    const results = await Promise.allSettled([journal.append({ ...answer(1), id: 'no id' }), journal.append(answer(2))]);
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'fulfilled']);
    expect(journal.last).toBe(1);
    await journal.close();
  });

  test('a project that is not there is said to be missing', async () => {
    expect(await Journal.open(folder)).toMatchObject({ ok: false, failure: { code: 'project-missing' } });
  });

  test('reads on from any number', async () => {
    const journal = await reopen();
    await Promise.all(Array.from({ length: 700 }, (_, n) => journal.append(answer(n))));
    for (const [after, limit] of [
      [0, 5],
      [255, 3],
      [256, 2],
      [511, 400],
      [699, 10],
      [700, 10],
      [0, 5000],
    ] as const) {
      const { actions, last } = unwrap(await journal.read(after, limit));
      expect(last).toBe(700);
      expect(actions.map(({ seq }) => seq)).toEqual(Array.from({ length: Math.min(limit, 700 - after) }, (_, n) => after + n + 1));
    }
    await journal.close();
  });
});

describe('snapshots', () => {
  const fill = async (from: number, count: number) => {
    const journal = await reopen();
    await Promise.all(Array.from({ length: count }, (_, n) => journal.append(answer(from + n))));
    await journal.close();
  };

  test('opening from a snapshot gives the same state and the same reading as the journal alone', async () => {
    await fill(0, 800);
    await fill(800, 37);
    expect(await readdir(folder)).toContain('snapshot.json');
    const quick = await reopen();
    const read = unwrap(await quick.read(790, 100));
    const state = quick.state;
    await quick.close();
    await rm(join(folder, 'snapshot.json'));
    const slow = await reopen();
    expect(slow.state).toEqual(state);
    expect(unwrap(await slow.read(790, 100))).toEqual(read);
    await slow.close();
  });

  test('few actions of many cells are worth one too, and the journal says by which action it ends, however it was opened', async () => {
    const large = await reopen();
    const cells = Array.from({ length: 40_000 }, (_, n) => ({
      image: id(3, n),
      finding: findings[0],
      before: null,
      after: value('present'),
    }));
    const written = unwrap(await large.append({ id: id(7, 1), annotator, time: project.created, kind: 'cells', cells }));
    expect(large.lastId).toBe(written.id);
    await large.close();
    expect(await readdir(folder)).toContain('snapshot.json');
    const again = await reopen();
    expect(again.lastId).toBe(written.id);
    await again.append(answer(2));
    expect(again.lastId).toBe(id(7, 2));
    await again.close();
    await rm(join(folder, 'snapshot.json'));
    const plain = await reopen();
    expect(plain.lastId).toBe(id(7, 2));
    await plain.close();
  });

  test('a damaged snapshot, or one of another journal, is passed over', async () => {
    await fill(0, 600);
    await fill(600, 600);
    expect(await readdir(folder)).toEqual(expect.arrayContaining(['snapshot.json', 'snapshot.previous.json']));
    const newest = join(folder, 'snapshot.json');
    const bytes = await readFile(newest);
    bytes.writeUInt8((bytes.at(-20) ?? 0) ^ 1, bytes.length - 20);
    await writeFile(newest, bytes);
    const journal = await reopen();
    expect(journal.last).toBe(1200);
    await journal.close();
    // The journal was put back from a copy of an earlier day.
    const lines = (await readFile(path(), 'utf8')).split('\n').slice(0, 400);
    await writeFile(path(), `${lines.join('\n')}\n`);
    const older = await reopen();
    expect(older.last).toBe(400);
    await older.close();
  });

  test('a torn line behind a snapshot is cut off as ever', async () => {
    await fill(0, 600);
    await appendFile(path(), '{"crc32":"12');
    const journal = await reopen();
    expect(journal.last).toBe(600);
    await journal.close();
  });
});
