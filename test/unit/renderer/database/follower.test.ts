import Dexie from 'dexie';
import fc from 'fast-check';
import { fold } from '../../../../src/contract/fold';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CopyDatabase, databaseName } from '../../../../src/renderer/database/copy';
import { JournalFollower } from '../../../../src/renderer/database/follower';
import { cellOf, Labels } from '../../../../src/renderer/labels/labels';
import type { Failure } from '../../../../src/contract/result';
import { FakeBridge } from '../fake-bridge';
import { failing, id, makeProject } from '../made-up/project';

const cell = (image: number, finding: number, state: 'present' | 'absent' | 'none' = 'present') => ({
  image: id(image, 'G'),
  finding: id(finding, 'F'),
  state,
  source: 'typed' as const,
  shown: null,
  head: null,
});

const asText = ([annotator, image, cells]: readonly [string, string, ReadonlyMap<string, unknown>]) => [
  annotator,
  image,
  [...cells].toSorted(([a], [b]) => a.localeCompare(b)),
];

describe('the copy of the journal', () => {
  let bridge: FakeBridge;
  let failures: Failure[];

  beforeEach(() => {
    bridge = new FakeBridge({ images: 6, project: makeProject('multilabel') });
    failures = [];
  });
  afterEach(async () => {
    await Dexie.delete(databaseName(bridge.project.id));
  });

  function follow() {
    const labels = new Labels(bridge.project);
    const follower = new JournalFollower(bridge, bridge.project.id, labels, (failure) => failures.push(failure));
    return { labels, follower };
  }
  const apply = (...cells: ReturnType<typeof cell>[]) => bridge.call('labels.apply', { project: bridge.project.id, cells });
  /** Opens, expects to end at the journal's number, closes. */
  async function open() {
    const { labels, follower } = follow();
    const result = await follower.open(bridge.journal.length);
    expect(labels.seq).toBe(bridge.journal.length);
    await follower.close();
    return { labels, start: result.ok ? result.value : result.failure.code };
  }

  it('a copy with the tables of the version before is made again', async () => {
    await apply(cell(1, 1), cell(2, 1, 'absent'));
    const raw = new Dexie(databaseName(bridge.project.id));
    raw.version(1).stores({ images: 'seq', cells: '[annotator+image]', actions: 'seq', meta: 'key' });
    const { seq, id: last } = bridge.journal.at(-1) ?? { seq: 0, id: '' };
    await raw.table('meta').put({ key: 'journal', schema: 1, copy: 1, seq, last, project: bridge.project });
    raw.close();
    expect((await open()).start).toBe('rebuilt');
    const { labels, start } = await open();
    expect(start).toBe('continued');
    expect(cellOf(labels.of(id(2, 'G')), id(1, 'F')).state).toBe('absent');
  });

  it('however finely a long action is cut for it, the copy is what the journal says', async () => {
    const answer = fc.array(fc.tuple(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 3 }), fc.constantFrom('present', 'none')), {
      minLength: 1,
      maxLength: 12,
    });
    const steps = fc.array(fc.oneof({ weight: 3, arbitrary: answer }, fc.constantFrom('undo' as const, 'redo' as const)), { maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(steps, fc.integer({ min: 1, max: 5 }), fc.array(fc.boolean(), { maxLength: 8 }), async (all, slice, pauses) => {
        bridge = new FakeBridge({ images: 6, project: makeProject('multilabel') });
        const project = bridge.project.id;
        await Dexie.delete(databaseName(project));
        const labels = new Labels(bridge.project);
        const follower = new JournalFollower(bridge, project, labels, (failure) => failures.push(failure), slice);
        await follower.open(bridge.journal.length);
        for (const [at, step] of all.entries()) {
          if (typeof step === 'string') await bridge.call(`labels.${step}`, { project });
          else await apply(...step.map(([image, finding, state]) => cell(image, finding, state as 'present')));
          for (const action of bridge.journal.slice(labels.seq)) follower.receive(action);
          // The next one comes in the midst of the cutting, or a turn later.
          if (pauses[at]) await new Promise((resolve) => setTimeout(resolve));
        }
        await follower.close();
        expect(failures).toEqual([]);
        const copy = new CopyDatabase(project);
        const read = await copy.read();
        copy.close();
        const said = fold(bridge.journal);
        const cellsOf = (state: typeof said | null) =>
          [...(state?.annotators ?? [])].flatMap(([annotator, { cells }]) =>
            [...cells].map(([image, own]) => [annotator, image, new Map(own)] as const),
          );
        expect(new Set(cellsOf(read).map((row) => JSON.stringify(asText(row))))).toEqual(
          new Set(cellsOf(said).map((row) => JSON.stringify(asText(row)))),
        );
        expect(read?.seq).toBe(said.seq);
      }),
      { numRuns: 40 },
    );
  });

  it('reads what was announced and did not come; what came meanwhile as an answer is not read again', async () => {
    const { labels, follower } = follow();
    await follower.open(bridge.journal.length);
    const reads = () => bridge.called('journal.read').length;
    const before = reads();
    await apply(cell(1, 1));
    const answer = bridge.journal.at(-1);
    follower.announce(bridge.journal.length);
    if (answer) follower.receive(answer);
    follower.readOn();
    expect(reads()).toBe(before);
    await apply(cell(2, 1));
    follower.announce(bridge.journal.length);
    follower.readOn();
    await follower.settled();
    expect(reads()).toBe(before + 1);
    expect(labels.seq).toBe(bridge.journal.length);
    expect(cellOf(labels.of(id(2, 'G')), id(1, 'F')).state).toBe('present');
    await follower.close();
  });

  it('is known again by the id that main gives, without reading the journal; another id means another journal', async () => {
    await open();
    const reads = bridge.called('journal.read').length;
    const last = bridge.journal.length;
    const labels = new Labels(bridge.project);
    const follower = new JournalFollower(bridge, bridge.project.id, labels, () => undefined);
    expect(await follower.open(last, undefined, bridge.journal.at(-1)?.id ?? null)).toEqual({ ok: true, value: 'continued' });
    expect(labels.seq).toBe(last);
    expect(bridge.called('journal.read')).toHaveLength(reads);
    await follower.close();
    const other = new JournalFollower(bridge, bridge.project.id, new Labels(bridge.project), () => undefined);
    expect(await other.open(last, undefined, id(77, 'J'))).toEqual({ ok: true, value: 'rebuilt' });
    await other.close();
  });

  it('is built from the journal and continued the next time', async () => {
    await apply(cell(1, 1), cell(2, 2));
    expect((await open()).start).toBe('rebuilt');
    await apply(cell(3, 3));
    bridge.calls.length = 0;
    const { labels, start } = await open();
    expect(start).toBe('continued');
    // Only what is new was read, besides the one action that proves that it is the same journal.
    expect(bridge.called('journal.read')).toEqual([
      { project: bridge.project.id, after: 2, limit: 1 },
      { project: bridge.project.id, after: 3, limit: 5000 },
    ]);
    expect(labels.totals.get()).toMatchObject({ images: 6, answered: 3 });
    expect(cellOf(labels.of(id(2, 'G')), id(2, 'F')).state).toBe('present');
  });

  it('keeps what can be undone, also images put aside', async () => {
    await bridge.call('labels.skip', { project: bridge.project.id, image: id(4, 'G') });
    await open();
    const { labels, follower } = follow();
    await follower.open(bridge.journal.length);
    expect(labels.of(id(4, 'G')).skipped).toBe(true);
    expect(labels.canUndo()).toBe(true);
    follower.receive(await bridge.call('labels.undo', { project: bridge.project.id }).then((r: { value: never }) => r.value));
    expect(labels.of(id(4, 'G')).skipped).toBe(false);
    expect(labels.totals.get().skipped).toBe(0);
    await follower.close();
  });

  it('is rebuilt when it is ahead of the journal', async () => {
    await apply(cell(1, 1));
    await apply(cell(2, 1));
    await open();
    bridge.journal.length -= 1;
    const { labels, start } = await open();
    expect(start).toBe('rebuilt');
    expect(labels.totals.get().answered).toBe(1);
  });

  it('is rebuilt when the journal is another one of the same length', async () => {
    await apply(cell(1, 1));
    await open();
    const other = bridge.journal.at(-1);
    if (other) bridge.journal[bridge.journal.length - 1] = { ...other, id: id(999, 'J') };
    expect((await open()).start).toBe('rebuilt');
  });

  it('is rebuilt when it has another version, and when a row is lost', async () => {
    await apply(cell(1, 1));
    await open();
    const raw = await new Dexie(databaseName(bridge.project.id)).open();
    await raw.table('meta').update('journal', { copy: 0 });
    raw.close();
    expect((await open()).start).toBe('rebuilt');
    const again = await new Dexie(databaseName(bridge.project.id)).open();
    await again.table('actions').delete(2);
    again.close();
    expect((await open()).start).toBe('rebuilt');
  });

  it('deleted while it is open costs a rebuild at the next start, and no label', async () => {
    await apply(cell(1, 1));
    const { labels, follower } = follow();
    await follower.open(bridge.journal.length);
    await follower.settled();
    await Dexie.delete(databaseName(bridge.project.id));
    for (const image of [2, 3]) {
      await apply(cell(image, 1));
      const action = bridge.journal.at(-1);
      if (action) follower.receive(action);
      await follower.settled();
    }
    expect(labels.totals.get().answered).toBe(3);
    await follower.close();
    const again = await open();
    expect(again.start).toBe('rebuilt');
    expect(again.labels.totals.get().answered).toBe(3);
    expect((await open()).start).toBe('continued');
    expect(failures).toEqual([]);
  });

  it('is rebuilt over a database of a newer version', async () => {
    await apply(cell(1, 1));
    const newer = new Dexie(databaseName(bridge.project.id));
    newer.version(7).stores({ other: 'id' });
    await newer.open();
    newer.close();
    expect((await open()).start).toBe('rebuilt');
    expect((await open()).start).toBe('continued');
  });

  it('applies each action once and in order, and reads a gap again', async () => {
    const { labels, follower } = follow();
    await follower.open(bridge.journal.length);
    await apply(cell(1, 1));
    await apply(cell(1, 1, 'none'), cell(1, 2));
    await apply(cell(2, 1));
    const [a, b, c] = bridge.journal.slice(-3);
    if (!a || !b || !c) throw new Error('three actions');
    // The last first, one twice, one never.
    follower.receive(c);
    follower.receive(c);
    follower.receive(a);
    await follower.settled();
    expect(labels.seq).toBe(c.seq);
    expect(cellOf(labels.of(id(1, 'G')), id(1, 'F')).state).toBe('none');
    expect(cellOf(labels.of(id(1, 'G')), id(2, 'F')).state).toBe('present');
    expect(labels.totals.get().answered).toBe(2);
    await follower.close();
    const stored = await new CopyDatabase(bridge.project.id).read();
    const expected = fold(bridge.journal);
    // The steps that can be undone are kept without their cells: main's undo brings them.
    for (const own of expected.annotators.values()) own.undo.forEach((step, i) => own.undo.splice(i, 1, { ...step, cells: [] }));
    expect(stored).toEqual(expected);
    expect(failures).toEqual([]);
  });

  it('says when a gap cannot be read, and closes it with the next action', async () => {
    const { labels, follower } = follow();
    await follower.open(bridge.journal.length);
    await apply(cell(1, 1));
    await apply(cell(2, 1));
    bridge.failures.set('journal.read', failing('process-gone', { process: 'main' }));
    const [, last] = bridge.journal.slice(-2);
    if (last) follower.receive(last);
    await follower.settled();
    expect(failures.map(({ code }) => code)).toEqual(['process-gone']);
    await apply(cell(3, 1));
    const next = bridge.journal.at(-1);
    if (next) follower.receive(next);
    await follower.settled();
    expect(labels.seq).toBe(bridge.journal.length);
    await follower.close();
  });
});
