import * as fc from 'fast-check';
import { apply, cellOf, emptyState, nextRedo, nextUndo, type ProjectState } from '../../../src/contract/fold';
import type { Action, CellChange, CellState, CellValue, Id, Project } from '../../../src/contract/model';

type WithoutSeq<A> = A extends unknown ? Omit<A, 'seq'> : never;
export type Draft = WithoutSeq<Action>;

/** A valid ULID for a small number. */
export const id = (kind: number, n: number): Id => `01${String(kind).padStart(4, '0')}${String(n).padStart(20, '0')}`;

export const annotators = [id(1, 0), id(1, 1)] as const;
export const findings = [id(2, 0), id(2, 1), id(2, 2)] as const;
const time = '2026-11-22T10:00:00Z';

export const project: Project = {
  id: id(9, 0),
  name: 'Wards, "north" and süd',
  schema: 1,
  roots: [{ id: id(8, 0), path: '/images' }],
  task: 'multilabel',
  findings: findings.map((finding, at) => ({
    id: finding,
    name: `Finding ${String(at + 1)}`,
    hotkey: String(at + 1),
    colour: '#336699',
  })),
  encoder: 'builtin',
  seed: 0,
  audit: { share: 0.15, from: 30 },
  annotators: annotators.map((annotator, at) => ({ id: annotator, name: `Annotator ${String(at + 1)}` })),
  created: time,
};

export const value = (state: CellState, at = time): CellValue => ({
  state,
  source: 'typed',
  use: 'train',
  shown: 0.25,
  head: null,
  time: at,
});

/** What a person does; a plan becomes actions when the state is known, since each says what it replaces. */
export type Plan =
  | { kind: 'cells'; annotator: Id; cells: { image: number; finding: number; state: CellState | null }[] }
  | { kind: 'skip'; annotator: Id; image: number }
  | { kind: 'undo'; annotator: Id }
  | { kind: 'redo'; annotator: Id };

const annotator = fc.constantFrom(...annotators);
const image = fc.nat(4);
const cell = fc.record({
  image,
  finding: fc.nat(2),
  state: fc.constantFrom<CellState | null>('present', 'absent', 'unsure', null),
});

export const plan: fc.Arbitrary<Plan> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('cells' as const), annotator, cells: fc.array(cell, { minLength: 1, maxLength: 4 }) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('skip' as const), annotator, image }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('undo' as const), annotator }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('redo' as const), annotator }) },
);

/** Null where there is nothing to undo or redo. */
export function draftOf(planned: Plan, state: ProjectState, n: number): Draft | null {
  const entry = { id: id(7, n), annotator: planned.annotator, time };
  if (planned.kind === 'skip') return { ...entry, kind: 'skip', image: id(3, planned.image) };
  if (planned.kind === 'undo') {
    const step = nextUndo(state, planned.annotator);
    return step && { ...entry, kind: 'undo', ...step };
  }
  if (planned.kind === 'redo') {
    const step = nextRedo(state, planned.annotator);
    return step && { ...entry, kind: 'redo', ...step };
  }
  const now = new Map<string, CellValue | null>();
  const cells = planned.cells.map(({ image: at, finding, state: next }): CellChange => {
    const [imageId, findingId] = [id(3, at), findings[finding] ?? findings[0]];
    const key = `${imageId} ${findingId}`;
    const before = now.has(key) ? (now.get(key) ?? null) : cellOf(state, planned.annotator, imageId, findingId);
    const after = next === null ? null : value(next, `2026-11-22T10:00:${String(n % 60).padStart(2, '0')}Z`);
    now.set(key, after);
    return { image: imageId, finding: findingId, before, after };
  });
  return { ...entry, kind: 'cells', cells };
}

export function actionsOf(plans: readonly Plan[]): Action[] {
  const state = emptyState();
  const actions: Action[] = [];
  plans.forEach((planned, n) => {
    const draft = draftOf(planned, state, n);
    if (!draft) return;
    const action: Action = { ...draft, seq: state.seq + 1 };
    apply(state, action);
    actions.push(action);
  });
  return actions;
}
