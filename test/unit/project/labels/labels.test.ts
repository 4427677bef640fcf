import fc from 'fast-check';
import { ulid } from 'ulid';
import { describe, expect, it } from 'vitest';
import type { CellRequest } from '../../../../src/contract/views';
import { emptyState, fold } from '../../../../src/contract/fold';
import { SCHEMA, type CellState, type ImageRecord, type Project, type Task } from '../../../../src/contract/model';
import { changesFor } from '../../../../src/project/labels/labels';

const root = ulid();
const annotator = ulid();
const findings = ['normal', 'bacterial', 'viral'].map((name, i) => ({ id: ulid(), name, hotkey: String(i + 1), colour: '#ffffff' }));
const time = '2026-11-22T10:00:00.000Z';

const project = (task: Task): Project => ({
  id: ulid(),
  name: 'test',
  schema: SCHEMA,
  roots: [{ id: root, path: 'x' }],
  task,
  findings,
  encoder: 'builtin',
  seed: 0,
  audit: { share: 0, from: 30 },
  annotators: [{ id: annotator, name: 'a' }],
  created: time,
});

const images = Array.from({ length: 3 }, (_, i): ImageRecord => ({
  id: ulid(),
  root,
  path: `${String(i)}.png`,
  frame: null,
  bytes: 1,
  mtime: 1,
  sha256: null,
  width: null,
  height: null,
  patient: null,
  study: null,
  view: null,
}));

const request = (image: number, finding: number, state: CellState): CellRequest => ({
  image: images[image]?.id ?? '',
  finding: findings[finding]?.id ?? '',
  state,
  source: 'typed',
  shown: 0.5,
  head: null,
});

const withImages = () => fold([{ seq: 1, id: ulid(), annotator, time, kind: 'images', images }]);
const context = { time, use: () => 'train' as const };

function answer(task: Task, requests: CellRequest[], state = withImages()) {
  const changes = changesFor(state, project(task), annotator, requests, context);
  if (!changes.ok) throw new Error(changes.failure.code);
  const action = { seq: state.seq + 1, id: ulid(), annotator, time, kind: 'cells' as const, cells: changes.value };
  return changes.value.length === 0 ? state : fold([action], state);
}

const statesOf = (state: ReturnType<typeof withImages>, image: number) =>
  findings.map(
    ({ id }) =>
      state.annotators
        .get(annotator)
        ?.cells.get(images[image]?.id ?? '')
        ?.get(id)?.state ?? 'none',
  );

describe('multi-class answers', () => {
  it('present makes the others absent, and a correction moves it', () => {
    const state = answer('multiclass', [request(0, 1, 'present')]);
    expect(statesOf(state, 0)).toEqual(['absent', 'present', 'absent']);
    expect(statesOf(answer('multiclass', [request(0, 2, 'present')], state), 0)).toEqual(['absent', 'absent', 'present']);
  });

  it('unsure and not read hold for the whole image', () => {
    const state = answer('multiclass', [request(0, 1, 'unsure')]);
    expect(statesOf(state, 0)).toEqual(['unsure', 'unsure', 'unsure']);
    expect(statesOf(answer('multiclass', [request(0, 0, 'none')], state), 0)).toEqual(['none', 'none', 'none']);
  });

  it('never leaves an image with anything but one present, all unsure or nothing', () => {
    const any = fc.tuple(fc.nat(2), fc.nat(2), fc.constantFrom<CellState>('present', 'absent', 'unsure', 'none'));
    fc.assert(
      fc.property(fc.array(fc.array(any, { minLength: 1, maxLength: 6 }), { maxLength: 8 }), (steps) => {
        let state = withImages();
        for (const step of steps) {
          state = answer(
            'multiclass',
            step.map(([image, finding, value]) => request(image, finding, value)),
            state,
          );
        }
        for (const image of images.keys()) {
          const states = statesOf(state, image);
          const one =
            states.filter((value) => value === 'present').length === 1 && states.filter((value) => value === 'absent').length === 2;
          const same = new Set(states).size === 1 && states[0] !== 'absent' && states[0] !== 'present';
          expect(one || same).toBe(true);
        }
      }),
    );
  });
});

describe('multi-label answers', () => {
  it('change only the cells that are named, and only where they differ', () => {
    const state = answer('multilabel', [request(0, 0, 'present'), request(0, 2, 'unsure')]);
    expect(statesOf(state, 0)).toEqual(['present', 'none', 'unsure']);
    const same = changesFor(state, project('multilabel'), annotator, [request(0, 0, 'present')], context);
    expect(same).toEqual({ ok: true, value: [] });
  });

  it('keep a cell in the audit for good', () => {
    const drawn = { time, use: () => 'audit' as const };
    const first = changesFor(withImages(), project('multilabel'), annotator, [request(0, 0, 'present')], drawn);
    const cells = first.ok ? first.value : [];
    const state = fold([{ seq: 2, id: ulid(), annotator, time, kind: 'cells', cells }], withImages());
    const second = changesFor(state, project('multilabel'), annotator, [request(0, 0, 'absent')], context);
    expect(second).toMatchObject({ value: [{ after: { state: 'absent', use: 'audit' } }] });
  });
});

it('refuses images and findings the project does not have', () => {
  const foreign = { ...request(0, 0, 'present'), image: ulid() };
  expect(changesFor(withImages(), project('multilabel'), annotator, [foreign], context)).toMatchObject({
    failure: { code: 'image-unknown' },
  });
  const strange = { ...request(0, 0, 'present'), finding: ulid() };
  expect(changesFor(emptyState(), project('multilabel'), annotator, [strange], context)).toMatchObject({ ok: false });
});
