import { annotatorState, apply, emptyState, type AnnotatorState, type ProjectState } from '../../contract/fold';
import { imageName } from '../../contract/frames';
import type { Action, CellState, CellValue, Finding, Id, ImageRecord, Kept, Project, Use } from '../../contract/model';
import { compareImages } from '../../contract/order';
import { isReserved, useOf } from '../../contract/reserve';
import { Listeners, Signal } from '../app/signal';

export interface CellView {
  readonly state: CellState;
  readonly source: CellValue['source'] | null;
  /** Sent to main and not yet acknowledged. */
  readonly pending: boolean;
  /** It was suspect, was looked at again and stands. */
  readonly kept: Kept | null;
  readonly use: Use;
  /** Answered without the model's opinion on the screen. */
  readonly blind: boolean;
}

/** What is known of one image. The same object until something about the image changes. */
export interface ImageView {
  readonly id: Id;
  readonly record: ImageRecord | null;
  /** By finding; a cell that is not there is not read. */
  readonly cells: ReadonlyMap<Id, CellView>;
  readonly skipped: boolean;
  /** At least one cell says something. */
  readonly answered: boolean;
  /** In the audit's reserve: what the model says of it is shown nowhere. */
  readonly reserved: boolean;
  /** What an answer given now is for; this is what the screen says and what is sent. */
  readonly use: Use;
}

/** A cell that is on its way to the journal. */
export interface PendingCell {
  readonly image: Id;
  readonly finding: Id;
  readonly state: CellState;
  readonly use?: Use | undefined;
  readonly blind?: boolean | undefined;
}

export interface Totals {
  readonly images: number;
  readonly answered: number;
  readonly skipped: number;
  readonly perFinding: ReadonlyMap<Id, Readonly<Record<Exclude<CellState, 'none'>, number>>>;
  /** Labels absent that one key gave to all that was left of an image; and of those answered blind, all and how many by that key. */
  readonly restAbsent: number;
  readonly blindAbsent: number;
  readonly blindRestAbsent: number;
}

const NO_CELLS: ImageView['cells'] = new Map();
const NOT_READ: CellView = { state: 'none', source: null, pending: false, kept: null, use: 'train', blind: false };
export const cellOf = (view: ImageView, finding: Id): CellView => view.cells.get(finding) ?? NOT_READ;

const asAsked = new WeakMap<ImageView, ImageView>();

/**
 * An image as the large view asks it: one of the reserve blind, so that an answer that was not given blind (in bulk, by an import) is not
 * read off the screen. The same object for the same view.
 */
export function askedView(view: ImageView): ImageView {
  if (!view.reserved || view.cells.size === 0) return view;
  const known = asAsked.get(view);
  if (known) return known;
  const cells = new Map([...view.cells].filter(([, { blind }]) => blind));
  const made = { ...view, cells, answered: [...cells.values()].some(({ state }) => state !== 'none') };
  asAsked.set(view, made);
  return made;
}

/**
 * The project as the journal's actions leave it, in memory, and above it what was sent but not acknowledged.
 * A key press touches one image: its listeners hear of it, and the counts change by one. Nothing here walks all images
 * but `order` (cached until the set of images changes).
 */
export class Labels {
  readonly project: Signal<Project>;
  readonly totals: Signal<Totals>;
  /** Grows when images are added or change. */
  readonly imagesVersion = new Signal(0);
  /** Grows with every label. */
  readonly version = new Signal(0);
  readonly #views = new Map<Id, ImageView>();
  readonly #listeners = new Map<Id, Listeners>();
  readonly #pending = new Map<Id, (PendingCell & { readonly token: number })[]>();
  readonly #counts = new Map<Id, { present: number; absent: number; unsure: number }>();
  #answered = 0;
  #skipped = 0;
  #byRest = { restAbsent: 0, blindAbsent: 0, blindRestAbsent: 0 };
  #state: ProjectState = emptyState();
  #order: readonly Id[] | null = null;
  #token = 1;

  constructor(project: Project) {
    this.project = new Signal(project);
    this.totals = new Signal<Totals>({ images: 0, answered: 0, skipped: 0, perFinding: new Map(), ...this.#byRest });
  }

  get seq(): number {
    return this.#state.seq;
  }

  get findings(): readonly Finding[] {
    return this.project.get().findings;
  }

  /** Replaces everything, e.g. by what the database held. */
  load(state: ProjectState): void {
    this.#state = state;
    if (state.project) this.project.set(state.project);
    this.#order = null;
    this.#views.clear();
    this.#recount();
    this.imagesVersion.update((n) => n + 1);
    this.version.update((n) => n + 1);
    for (const listeners of this.#listeners.values()) listeners.notify();
  }

  /** The next action of the journal. The caller keeps the order. */
  apply(action: Action): void {
    const touched = this.#touchedBy(action);
    for (const image of touched) this.#tally(image, -1);
    apply(this.#state, action);
    for (const image of touched) this.#tally(image, 1);
    if (action.kind === 'project') {
      // Another rule of the audit reserves other images.
      this.#views.clear();
      this.project.set(action.project);
      for (const listeners of this.#listeners.values()) listeners.notify();
    } else if (action.kind === 'images') {
      this.#order = null;
      for (const image of action.images) this.#views.delete(image.id);
      this.totals.update((totals) => ({ ...totals, images: this.#state.images.size }));
      this.imagesVersion.update((n) => n + 1);
    } else {
      this.#tell();
      this.version.update((n) => n + 1);
    }
    this.#changed(action.kind === 'images' ? action.images.map(({ id }) => id) : touched);
  }

  /** Shows cells before they are saved. End with the token when they are acknowledged or refused. */
  begin(cells: readonly PendingCell[]): number {
    const token = this.#token++;
    for (const cell of cells) {
      const list = this.#pending.get(cell.image) ?? [];
      list.push({ ...cell, token });
      this.#pending.set(cell.image, list);
    }
    this.#changed(unique(cells));
    return token;
  }

  end(token: number, cells: readonly PendingCell[]): void {
    const images = unique(cells);
    for (const image of images) {
      const rest = this.#pending.get(image)?.filter((entry) => entry.token !== token) ?? [];
      if (rest.length === 0) this.#pending.delete(image);
      else this.#pending.set(image, rest);
    }
    this.#changed(images);
  }

  readonly of = (image: Id): ImageView => {
    const known = this.#views.get(image);
    if (known) return known;
    const view = this.#view(image);
    this.#views.set(image, view);
    return view;
  };

  readonly subscribeTo = (image: Id, listener: () => void): (() => void) => {
    let listeners = this.#listeners.get(image);
    if (!listeners) {
      listeners = new Listeners();
      this.#listeners.set(image, listeners);
    }
    return listeners.subscribe(listener);
  };

  /** All images in folder order. */
  order(): readonly Id[] {
    this.#order ??= [...this.#state.images.values()].sort(compareImages).map(({ id }) => id);
    return this.#order;
  }

  record(image: Id): ImageRecord | null {
    return this.#state.images.get(image) ?? null;
  }

  /** For people. */
  nameOf(image: Id): string {
    const record = this.record(image);
    return record ? imageName(record) : image;
  }

  cellsOf(annotator: Id, image: Id): [finding: Id, value: CellValue][] {
    return [...(annotatorState(this.#state, annotator).cells.get(image) ?? [])];
  }

  /** Images that were answered from this time on, and those among them in which the finding is present. */
  since(finding: Id, time: string): { screened: number; found: number } {
    let [screened, found] = [0, 0];
    for (const cells of this.#own().cells.values()) {
      const value = cells.get(finding);
      if (!value || value.state === 'none' || value.time < time) continue;
      screened += 1;
      if (value.state === 'present') found += 1;
    }
    return { screened, found };
  }

  canUndo(): boolean {
    return this.#own().undo.length > 0;
  }

  canRedo(): boolean {
    return this.#own().redo.length > 0;
  }

  /** The image that the last undo (redo) took out of (put back to) the skipped ones; null when it was about labels. */
  skippedBy(kind: 'undo' | 'redo'): Id | null {
    return this.#own()[kind === 'undo' ? 'redo' : 'undo'].at(-1)?.skipped ?? null;
  }

  #own(): Readonly<AnnotatorState> {
    // Main writes for the project's first annotator.
    return annotatorState(this.#state, this.project.get().annotators[0]?.id ?? '');
  }

  #view(image: Id): ImageView {
    const own = this.#own();
    const said = own.cells.get(image);
    const sent = this.#pending.get(image);
    const skipped = own.skipped.has(image);
    const record = this.record(image);
    const reserved = record !== null && isReserved(record, this.project.get());
    // Most images of a large folder: a map for each would be most of the work of a bulk label.
    if (!said && !sent) return { id: image, record, cells: NO_CELLS, skipped, answered: false, reserved, use: useOf(undefined, reserved) };
    const cells = new Map<Id, CellView>();
    for (const [finding, value] of said ?? []) {
      const { state, source, use, kept = null, blind = false } = value;
      if (state !== 'none') cells.set(finding, { state, source, pending: false, kept, use, blind });
    }
    for (const { finding, state, use = 'train', blind = false } of sent ?? []) {
      const asSent = { source: null, pending: true, kept: null, use, blind };
      // As main will have it: in a multi-class project one present finding makes the others absent.
      if (state === 'present' && this.project.get().task === 'multiclass') {
        for (const { id } of this.findings) cells.set(id, { state: 'absent', ...asSent });
      }
      cells.set(finding, { state, ...asSent });
    }
    const answered = [...cells.values()].some(({ state }) => state !== 'none');
    return { id: image, record, cells, skipped, answered, reserved, use: useOf(cells, reserved) };
  }

  #changed(images: Iterable<Id>): void {
    for (const image of images) {
      this.#views.delete(image);
      this.#listeners.get(image)?.notify();
    }
  }

  /** Images whose labels or place in the queue an action may change. */
  #touchedBy(action: Action): Iterable<Id> {
    if (action.kind === 'skip') return [action.image];
    if (action.kind === 'cells') return unique(action.cells);
    if (action.kind === 'undo' || action.kind === 'redo') {
      const own = annotatorState(this.#state, action.annotator);
      const step = (action.kind === 'undo' ? own.undo : own.redo).at(-1);
      return step?.skipped ? [step.skipped, ...unique(action.cells)] : unique(action.cells);
    }
    return [];
  }

  #recount(): void {
    this.#counts.clear();
    this.#answered = 0;
    this.#skipped = 0;
    this.#byRest = { restAbsent: 0, blindAbsent: 0, blindRestAbsent: 0 };
    const own = this.#own();
    for (const image of new Set([...own.cells.keys(), ...own.skipped])) this.#tally(image, 1);
    this.#tell();
  }

  /** Counts an image as it stands, or takes it out of the counts. */
  #tally(image: Id, step: 1 | -1): void {
    const own = this.#own();
    if (own.skipped.has(image)) this.#skipped += step;
    let answered = false;
    for (const [finding, { state, blind = false, by }] of own.cells.get(image) ?? []) {
      if (state === 'none') continue;
      answered = true;
      if (state === 'absent' && by === 'restAbsent') this.#byRest.restAbsent += step;
      if (state === 'absent' && blind) this.#byRest.blindAbsent += step;
      if (state === 'absent' && blind && by === 'restAbsent') this.#byRest.blindRestAbsent += step;
      let counts = this.#counts.get(finding);
      if (!counts) this.#counts.set(finding, (counts = { present: 0, absent: 0, unsure: 0 }));
      counts[state] += step;
    }
    if (answered) this.#answered += step;
  }

  #tell(): void {
    this.totals.set({
      images: this.#state.images.size,
      answered: this.#answered,
      skipped: this.#skipped,
      perFinding: this.#frozenCounts(),
      ...this.#byRest,
    });
  }

  #frozenCounts(): Totals['perFinding'] {
    return new Map([...this.#counts].map(([finding, counts]) => [finding, { ...counts }]));
  }
}

function unique(cells: readonly { readonly image: Id }[]): Set<Id> {
  const images = new Set<Id>();
  for (const { image } of cells) images.add(image);
  return images;
}
