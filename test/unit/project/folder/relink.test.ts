import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compareFolder, relink, type KnownFile, type SeenFile } from '../../../../src/project/folder/relink';

const known = (path: string, content: string, mtime = 1): KnownFile => ({ path, bytes: content.length, mtime, sha256: content });
const seen = (path: string, content: string, mtime = 1): SeenFile & { content: string } => ({
  path,
  bytes: content.length,
  mtime,
  content,
});
const paths = (files: readonly { path: string }[]) => files.map(({ path }) => path);

/** Both steps, as the app takes them: contents stand for their own hashes. */
function scan(before: KnownFile[], now: ReturnType<typeof seen>[]) {
  const changes = compareFolder(before, now);
  const hashes = new Map(changes.toHash.map(({ path, content }) => [path, content]));
  return { changes, ...relink(changes, hashes) };
}

test('unchanged, changed, new and missing files', () => {
  const { changes, moved, fresh, missing } = scan(
    [known('a', 'x'), known('b', 'y'), known('c', 'zzz'), known('d', 'q')],
    [seen('a', 'x'), seen('b', 'yy'), seen('d', 'q', 2), seen('e', 'new file')],
  );
  expect(paths(changes.unchanged)).toEqual(['a']);
  expect(changes.changed.map(({ before, now }) => [before.path, now.path])).toEqual([
    ['b', 'b'],
    ['d', 'd'],
  ]);
  expect([moved, paths(fresh), paths(missing)]).toEqual([[], ['e'], ['c']]);
});

describe('moved files', () => {
  const moves = (before: KnownFile[], now: ReturnType<typeof seen>[]) =>
    scan(before, now).moved.map(({ from, to }) => [from.path, to.path]);

  test('a renamed folder', () => {
    expect(moves([known('a/1', 'p'), known('a/2', 'q')], [seen('b/1', 'p'), seen('b/2', 'q')])).toEqual([
      ['a/1', 'b/1'],
      ['a/2', 'b/2'],
    ]);
  });

  test('of equal copies the one of the same name, then of the same time', () => {
    const before = [known('a/1', 'p', 1), known('a/2', 'p', 2), known('a/3', 'p', 3)];
    expect(moves(before, [seen('b/x', 'p', 3), seen('b/2', 'p', 9), seen('b/y', 'p', 8)])).toEqual([
      ['a/2', 'b/2'],
      ['a/3', 'b/x'],
      ['a/1', 'b/y'],
    ]);
  });

  test('a copy beside a file that is still there is new', () => {
    expect(moves([known('a', 'p')], [seen('a', 'p'), seen('b', 'p')])).toEqual([]);
  });

  test('only what may have been moved is hashed', () => {
    const changes = compareFolder(
      [known('a', 'four'), { ...known('b', 'sixsix'), sha256: null }],
      [seen('c', 'FOUR'), seen('d', 'sixsix'), seen('e', '1')],
    );
    expect(paths(changes.toHash)).toEqual(['c']);
    expect(paths(relink(changes, new Map([['c', 'FOUR']])).fresh)).toEqual(['c', 'd', 'e']);
  });
});

test('nothing is lost or doubled, moves keep contents, and a folder of different files that is only moved about is found whole', () => {
  const name = fc.stringMatching(/^[a-c]\/[a-e]$/);
  const tree = (contents: fc.Arbitrary<string>) =>
    fc.dictionary(name, fc.record({ content: contents, mtime: fc.integer({ min: 0, max: 2 }) }), { maxKeys: 12 });
  fc.assert(
    fc.property(tree(fc.constantFrom('p', 'q', 'rr', 'ss')), tree(fc.constantFrom('p', 'q', 'rr', 'ss')), (first, second) => {
      const before = Object.entries(first).map(([path, { content, mtime }]) => known(path, content, mtime));
      const now = Object.entries(second).map(([path, { content, mtime }]) => seen(path, content, mtime));
      const { changes, moved, fresh, missing } = scan(before, now);
      const olds = [
        ...paths(changes.unchanged),
        ...changes.changed.map(({ before: { path } }) => path),
        ...moved.map(({ from }) => from.path),
        ...paths(missing),
      ];
      const news = [
        ...paths(changes.unchanged),
        ...changes.changed.map(({ now: { path } }) => path),
        ...moved.map(({ to }) => to.path),
        ...paths(fresh),
      ];
      expect(olds.sort()).toEqual(paths(before).sort());
      expect(news.sort()).toEqual(paths(now).sort());
      for (const { from, to } of moved) expect(from.sha256).toBe(second[to.path]?.content);
      // What is still missing was found nowhere among the new ones.
      for (const { sha256 } of missing) expect(fresh.map(({ path }) => second[path]?.content)).not.toContain(sha256);
    }),
  );
  fc.assert(
    fc.property(fc.uniqueArray(name, { maxLength: 12 }), fc.uniqueArray(name, { minLength: 12, maxLength: 12 }), (from, to) => {
      const before = from.map((path, i) => known(path, `content ${String(i)}`, i));
      const now = before.map((file, i) => seen(`moved/${to[i] ?? ''}`, file.sha256 ?? '', i + 100));
      const { moved, fresh, missing } = scan(before, now);
      expect([moved.length, fresh, missing]).toEqual([before.length, [], []]);
    }),
  );
});

test('of 100,000 files the tenth that moved is found', () => {
  const before = Array.from({ length: 100_000 }, (_, i) => known(`a/${String(i)}`, `content ${String(i)}`, i));
  const now = before.map((file, i) => seen(i % 10 === 0 ? `b/${String(i)}` : file.path, file.sha256 ?? '', i));
  expect(scan(before, now).moved).toHaveLength(10_000);
});
