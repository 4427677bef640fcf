import { expect, test } from 'vitest';
import type { CellState } from '../../../../src/contract/model';
import { isReserved } from '../../../../src/contract/reserve';
import { unwrap } from '../../../../src/contract/result';
import type { Pool } from '../../../../src/cli/engine/pool';
import { snapshotOf } from '../../../../src/cli/engine/snapshot';
import { truthOf } from '../../../../src/cli/engine/truth';
import type { EmbeddingsCard } from '../../../../src/cli/tables/embeddings';
import type { LabelRow, LabelTable } from '../../../../src/cli/tables/labels';
import { matrix } from '../../../../src/trainer/matrix';

const encoder = { id: 'e', name: 'An encoder', pooling: 'class token' } as EmbeddingsCard['encoder'];
const pool: Pool = {
  images: ['a', 'b', 'c', 'd'].map((path, row) => ({
    path,
    frame: null,
    sha256: path.repeat(64),
    width: 1,
    height: 1,
    patient: path === 'd' ? '' : path === 'c' ? 'q' : 'p',
    study: '',
    view: '',
    status: 'ok',
    message: '',
    row,
  })),
  vectors: matrix(4, 2, Float32Array.of(0, 1, 2, 3, 4, 5, 6, 7)),
};
const label = (path: string, states: CellState[], more: Partial<LabelRow> = {}): LabelRow => ({
  at: 2,
  path,
  frame: null,
  patient: '',
  use: 'train',
  blind: false,
  time: '',
  states,
  ...more,
});
const table = (task: LabelTable['task'], findings: string[], rows: LabelRow[]): LabelTable => ({
  file: 'labels.csv',
  task,
  findings,
  rows,
});

test('labels find their rows, unread cells are left out, and images elsewhere are told', () => {
  const labels = table(
    'multilabel',
    ['X', 'Y'],
    [label('c', ['present', 'none']), label('z', ['present', 'absent']), label('a', ['unsure', 'absent'])],
  );
  const { snapshot, unmatched } = unwrap(snapshotOf(pool, encoder, labels, { seed: 5 }));
  expect(snapshot.labels).toEqual([
    { row: 2, finding: 0, state: 1, use: 'train', seq: 0 },
    { row: 0, finding: 0, state: 2, use: 'train', seq: 1 },
    { row: 0, finding: 1, state: 0, use: 'train', seq: 1 },
  ]);
  expect(unmatched.map(({ path }) => path)).toEqual(['z']);
  expect(snapshot.base).toMatchObject({
    seed: 5,
    task: 'multilabel',
    findings: ['X', 'Y'],
    encoder: { id: 'e', d: 2 },
    pooling: 'class token',
  });
});

test('where all answers have a time, it orders them', () => {
  const labels = table(
    'multilabel',
    ['X'],
    [label('a', ['present'], { time: '2026-01-02T00:00:00Z' }), label('b', ['absent'], { time: '2026-01-01T00:00:00Z' })],
  );
  const [first, second] = unwrap(snapshotOf(pool, encoder, labels, { seed: 0 })).snapshot.labels;
  expect(first?.seq).toBeGreaterThan(second?.seq ?? Infinity);
});

test('images of one patient are one group, unknown patients stand alone, and the label table wins', () => {
  const groups = (labels: LabelTable | null) => [...unwrap(snapshotOf(pool, encoder, labels, { seed: 0 })).snapshot.base.groups];
  expect(groups(null)).toEqual([0, 0, 1, 2]);
  expect(groups(table('multilabel', ['X'], [label('b', ['present'], { patient: 'q' })]))).toEqual([0, 1, 1, 2]);
});

test('the order of findings can be given; a class without labels is absent, an unknown finding unread', () => {
  const options = { seed: 0, findings: ['Z', 'X', 'Y'] };
  const classes = table('multiclass', ['X', 'Y'], [label('a', ['present', 'absent']), label('b', ['unsure', 'unsure'])]);
  expect(
    unwrap(snapshotOf(pool, encoder, classes, options)).snapshot.labels.map(({ row, finding, state }) => [row, finding, state]),
  ).toEqual([
    [0, 0, 0],
    [0, 1, 1],
    [0, 2, 0],
    [1, 1, 2],
    [1, 2, 2],
  ]);
  expect(snapshotOf(pool, encoder, classes, { seed: 0, findings: ['X'] })).toMatchObject({ ok: false, failure: { code: 'wrong-use' } });
});

test('what was kept out of training, and what was asked blind, stays so', () => {
  const labels = table(
    'multilabel',
    ['X'],
    [label('a', ['present'], { use: 'audit', blind: true }), label('c', ['absent'], { use: 'audit' })],
  );
  expect(unwrap(snapshotOf(pool, encoder, labels, { seed: 0 })).snapshot.labels).toEqual([
    { row: 0, finding: 0, state: 1, use: 'audit', blind: true, seq: 0 },
    { row: 2, finding: 0, state: 0, use: 'audit', seq: 1 },
  ]);
});

test('the reserve is asked for, and is that of the app: by patient, else by file', () => {
  const settings = { audit: { share: 0.5, from: 30 } };
  const moved = table('multilabel', ['X'], [label('b', ['present'], { patient: 'q' })]);
  for (const labels of [null, moved]) {
    expect(unwrap(snapshotOf(pool, encoder, labels, { seed: 3, settings })).snapshot.base.reserved).toBeUndefined();
    for (let seed = 0; seed < 20; seed++) {
      const { reserved } = unwrap(snapshotOf(pool, encoder, labels, { seed, settings, reserve: true })).snapshot.base;
      const expected = pool.images.map((image) => {
        const patient = labels && image.path === 'b' ? 'q' : image.patient || null;
        const record = { ...image, patient, study: null, view: null };
        return isReserved(record, { seed, audit: settings.audit }) ? 1 : 0;
      });
      expect([...(reserved ?? [])]).toEqual(expected);
    }
  }
});

test('labels of another folder altogether are refused with the first row', () => {
  const labels = table('multilabel', ['X'], [label('elsewhere', ['present'], { at: 7 })]);
  expect(snapshotOf(pool, encoder, labels, { seed: 0 })).toMatchObject({
    ok: false,
    failure: { code: 'table-invalid', params: { row: 7 } },
  });
});

test('a finding that would be taken for a column of the tables is refused', () => {
  const labels = table('multiclass', ['path', 'X'], [label('a', ['present', 'absent'])]);
  expect(snapshotOf(pool, encoder, labels, { seed: 0 })).toMatchObject({ ok: false, failure: { code: 'labels-invalid' } });
});

test('a truth holds the images with an answer, and no others', () => {
  const labels = table(
    'multilabel',
    ['X', 'Y'],
    [label('b', ['unsure', 'none']), label('c', ['present', 'none']), label('d', ['absent', 'unsure'])],
  );
  const truth = truthOf('name', pool, unwrap(snapshotOf(pool, encoder, labels, { seed: 0 })).snapshot);
  expect([...truth.embeddings.data]).toEqual([4, 5, 6, 7]);
  expect([...truth.states]).toEqual([1, -1, 0, -1]);
  expect([...truth.groups]).toEqual([1, 2]);
});
