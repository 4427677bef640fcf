import type { Action, CellChange, CellValue, Id, ImageRecord, Project } from './model';

/** One step that can be taken back or repeated. */
export interface Step {
  readonly id: Id;
  readonly cells: readonly CellChange[];
  /** The image that this step newly put aside. */
  readonly skipped: Id | null;
}

/** What one annotator has said and can take back. */
export interface AnnotatorState {
  /** image -> finding -> value; a cell that nobody read is absent from the map. */
  readonly cells: Map<Id, Map<Id, CellValue>>;
  readonly skipped: Set<Id>;
  readonly undo: Step[];
  readonly redo: Step[];
}

/** A project as its actions up to `seq` leave it. */
export interface ProjectState {
  seq: number;
  project: Project | null;
  readonly images: Map<Id, ImageRecord>;
  readonly annotators: Map<Id, AnnotatorState>;
}

/** Steps that can be undone, for each annotator; what lies further back stays in the journal. */
export const UNDO_LIMIT = 1000;

export const emptyState = (): ProjectState => ({ seq: 0, project: null, images: new Map(), annotators: new Map() });

const noOne: AnnotatorState = { cells: new Map(), skipped: new Set(), undo: [], redo: [] };

/** For reading only: an annotator without actions has nothing. */
export const annotatorState = (state: ProjectState, annotator: Id): Readonly<AnnotatorState> => state.annotators.get(annotator) ?? noOne;

export const cellOf = (state: ProjectState, annotator: Id, image: Id, finding: Id): CellValue | null =>
  state.annotators.get(annotator)?.cells.get(image)?.get(finding) ?? null;

/** Folds actions, in the order of the journal, into `state`, which is changed and returned. */
export function fold(actions: Iterable<Action>, state: ProjectState = emptyState()): ProjectState {
  for (const action of actions) apply(state, action);
  return state;
}

/** One action more. Changes `state`. */
export function apply(state: ProjectState, action: Action): void {
  state.seq = action.seq;
  switch (action.kind) {
    case 'project':
      state.project = action.project;
      return;
    case 'images':
      for (const image of action.images) state.images.set(image.id, image);
      return;
    case 'cells': {
      const own = ownState(state, action.annotator);
      setCells(own, action.cells);
      remember(own, { id: action.id, cells: action.cells, skipped: null });
      return;
    }
    case 'skip': {
      const own = ownState(state, action.annotator);
      const isNew = !own.skipped.has(action.image);
      own.skipped.add(action.image);
      remember(own, { id: action.id, cells: [], skipped: isNew ? action.image : null });
      return;
    }
    case 'undo': {
      const own = ownState(state, action.annotator);
      const step = take(own.undo, action.undoes);
      setCells(own, action.cells);
      if (!step) return;
      if (step.skipped !== null) own.skipped.delete(step.skipped);
      own.redo.push(step);
      return;
    }
    case 'redo': {
      const own = ownState(state, action.annotator);
      const step = take(own.redo, action.redoes);
      setCells(own, action.cells);
      if (!step) return;
      if (step.skipped !== null) own.skipped.add(step.skipped);
      push(own.undo, step);
      return;
    }
  }
}

/** What an `undo` action of this annotator has to say now, or null when there is nothing to undo. */
export function nextUndo(state: ProjectState, annotator: Id): { undoes: Id; cells: CellChange[] } | null {
  const step = annotatorState(state, annotator).undo.at(-1);
  return step ? { undoes: step.id, cells: inverse(step.cells) } : null;
}

/** What a `redo` action of this annotator has to say now, or null when there is nothing to redo. */
export function nextRedo(state: ProjectState, annotator: Id): { redoes: Id; cells: CellChange[] } | null {
  const step = annotatorState(state, annotator).redo.at(-1);
  return step ? { redoes: step.id, cells: [...step.cells] } : null;
}

/** Backwards, so that an action that names a cell twice is taken back in its own order. */
const inverse = (cells: readonly CellChange[]): CellChange[] =>
  cells.map((cell) => ({ ...cell, before: cell.after, after: cell.before })).toReversed();

function ownState(state: ProjectState, annotator: Id): AnnotatorState {
  const known = state.annotators.get(annotator);
  if (known) return known;
  const own: AnnotatorState = { cells: new Map(), skipped: new Set(), undo: [], redo: [] };
  state.annotators.set(annotator, own);
  return own;
}

function setCells(own: AnnotatorState, changes: readonly CellChange[]) {
  for (const { image, finding, after } of changes) {
    const cells = own.cells.get(image);
    if (after) {
      if (cells) cells.set(finding, after);
      else own.cells.set(image, new Map([[finding, after]]));
    } else if (cells) {
      cells.delete(finding);
      if (cells.size === 0) own.cells.delete(image);
    }
  }
}

/** A new step makes what was taken back before unrepeatable. */
function remember(own: AnnotatorState, step: Step) {
  push(own.undo, step);
  own.redo.length = 0;
}

function push(stack: Step[], step: Step) {
  stack.push(step);
  if (stack.length > UNDO_LIMIT) stack.shift();
}

function take(stack: Step[], id: Id): Step | null {
  return stack.at(-1)?.id === id ? (stack.pop() ?? null) : null;
}
