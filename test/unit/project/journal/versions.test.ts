import { appendFile, cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { annotatorState, nextUndo, type ProjectState } from '../../../../src/contract/fold';
import { SCHEMA } from '../../../../src/contract/model';
import { unwrap } from '../../../../src/contract/result';
import { Journal } from '../../../../src/project/journal/journal';
import { checksum, encodeLine } from '../../../../src/project/journal/line';
import { writeSnapshot } from '../../../../src/project/journal/snapshot';
import { actionsOf, annotators, id } from '../../contract/actions';

const kept = resolve(import.meta.dirname, '../../../reference/project/journal');
const versions = await readdir(kept);

let folder = '';
const at = (name: string) => join(folder, name);
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'versions-'));
});
afterEach(() => rm(folder, { recursive: true }));

const plain = (state: ProjectState) => {
  const annotator = state.project?.annotators[0]?.id ?? '';
  const { cells, skipped, undo, redo } = annotatorState(state, annotator);
  const flat = [...cells].map(([image, values]) => [image, Object.fromEntries(values)]);
  const { seq, project, images } = state;
  return { seq, project, images: [...images.values()], cells: flat, skipped: [...skipped], undo: undo.length, redo: redo.length };
};

describe.each(versions)('a journal of %s', (version) => {
  test.each(['with its snapshot', 'without'])('opens %s, all of it, and goes on', async (how) => {
    await cp(join(kept, version), folder, { recursive: true });
    if (how === 'without') await rm(at('snapshot.json'));
    const journal = unwrap(await Journal.open(folder));
    const expected: unknown = JSON.parse(await readFile(at('expected.json'), 'utf8'));
    expect(JSON.parse(JSON.stringify(plain(journal.state)))).toEqual(expected);
    const annotator = journal.state.project?.annotators[0]?.id ?? '';
    const undo = nextUndo(journal.state, annotator);
    if (!undo) throw new Error('nothing to undo');
    unwrap(await journal.append({ id: id(7, 99), annotator, time: '2026-12-01T00:00:00Z', kind: 'undo', ...undo }));
    const before = plain(journal.state);
    await journal.close();
    const again = unwrap(await Journal.open(folder));
    expect(plain(again.state)).toEqual(before);
    await again.close();
  });
});

describe('a line of a later version', () => {
  const newer = { ok: false, failure: { code: 'project-newer', params: { found: SCHEMA + 1, known: SCHEMA } } };
  const lineOf = (action: object) => {
    const json = JSON.stringify(action);
    return `{"crc32":"${checksum(json)}","action":${json}}\n`;
  };
  const entry = { version: SCHEMA + 1, id: id(7, 98), annotator: annotators[0], time: '2026-12-01T00:00:00Z' };

  test.each([
    ['whose kind is unknown', { kind: 'mark', image: id(3, 0), x: 4, y: 5 }],
    ['that could be read without what is new in it', { kind: 'skip', image: id(3, 0), why: 'a reason' }],
  ])('%s is newer, not damaged, and stays', async (_what, action) => {
    await cp(join(kept, versions[0] ?? ''), folder, { recursive: true });
    const first = unwrap(await Journal.open(folder));
    const { last } = first;
    await first.close();
    await appendFile(at('journal.jsonl'), lineOf({ ...entry, seq: last + 1, ...action }));
    const whole = await readFile(at('journal.jsonl'), 'utf8');
    expect(await Journal.open(folder)).toMatchObject(newer);
    expect(await readFile(at('journal.jsonl'), 'utf8')).toBe(whole);
  });

  test('is found behind the snapshot of that version, too', async () => {
    const journal = unwrap(await Journal.open(folder, { create: true }));
    for (const { seq: _, ...draft } of actionsOf([{ kind: 'skip', annotator: annotators[0], image: 1 }]))
      unwrap(await journal.append(draft));
    const { state, lastId, last } = journal;
    await journal.close();
    const line = lineOf({ ...entry, seq: last + 1, kind: 'mark', image: id(3, 0) });
    const start = (await readFile(at('journal.jsonl'))).length;
    await appendFile(at('journal.jsonl'), line);
    const end = start + Buffer.byteLength(line);
    await writeSnapshot(
      folder,
      { state: { ...state, seq: last + 1 }, offsets: [0], lastId, end },
      { start, crc32: checksum(line.slice(0, -1)) },
    );
    const text = await readFile(at('snapshot.json'), 'utf8');
    await writeFile(at('snapshot.json'), text.replace(`"schema":${String(SCHEMA)}`, `"schema":${String(SCHEMA + 1)}`));
    expect(await Journal.open(folder)).toMatchObject(newer);
  });

  test('lines that are written now carry the version', () => {
    const [action] = actionsOf([{ kind: 'skip', annotator: annotators[0], image: 1 }]);
    if (!action) throw new Error('no action');
    expect(JSON.parse(encodeLine(action).toString())).toMatchObject({ action: { version: SCHEMA, seq: 1 } });
  });
});
