import type { CellRequest, LabelImport } from '../../contract/views';
import { annotatorState, cellOf, nextRedo, nextUndo, type ProjectState } from '../../contract/fold';
import type { Action, Id, Kept, Use } from '../../contract/model';
import { isReserved } from '../../contract/reserve';
import { fail, ok, type Result } from '../../contract/result';
import { readLabelTable } from './label-table';
import { changesFor } from './labels';
import type { Recorder } from '../journal/recorder';

/** Cells in one action of an import: a line of the journal takes no more. */
const MAX_CELLS = 200_000;

/** What the person says of the images of the open project. */
export class Answers {
  readonly #record: Recorder;

  constructor(record: Recorder) {
    this.#record = record;
  }

  /** Resolves when the answer is in the journal and on the disk. Null: everything is as asked already, and nothing is written. */
  label(requests: readonly CellRequest[]): Promise<Result<Action | null>> {
    return this.#write(() => requests);
  }

  /**
   * Labels out of a table, for what this annotator has not read, also while it is imported. `write`: the version that the person has seen; another
   * one is not written.
   */
  async importLabels(file: string, write: string | null): Promise<Result<LabelImport>> {
    const { project, annotator } = this.#record;
    const read = await readLabelTable(file, project, this.#record.state.images.values());
    if (!read.ok) return read;
    const { cells, audit, summary } = read.value;
    const unread = (state: ProjectState, { image, finding }: CellRequest) =>
      project.task === 'multiclass'
        ? !annotatorState(state, annotator).cells.get(image)?.size
        : cellOf(state, annotator, image, finding) === null;
    let labels = 0;
    let steps = 0;
    if (write !== summary.version) labels = cells.filter((cell) => unread(this.#record.state, cell)).length;
    else {
      const size = project.task === 'multiclass' ? Math.floor(MAX_CELLS / project.findings.length) : MAX_CELLS;
      for (let start = 0; start < cells.length; start += size) {
        let fresh: readonly CellRequest[] = [];
        const saved = await this.#write((state) => (fresh = cells.slice(start, start + size).filter((cell) => unread(state, cell))), audit);
        if (!saved.ok) return saved;
        labels += fresh.length;
        if (saved.value) steps += 1;
      }
    }
    const keptOut = new Set(cells.flatMap(({ image }) => (audit.has(image) || this.#reserved(this.#record.state, image) ? [image] : [])));
    return ok({ ...summary, audit: keptOut.size, labels, kept: cells.length - labels, steps });
  }

  /** `pick` sees what is in the journal by then. `keptOut`: images that are kept out of training, beside those of the reserve. */
  async #write(
    pick: (state: ProjectState) => readonly CellRequest[],
    keptOut: ReadonlySet<Id> = new Set(),
  ): Promise<Result<Action | null>> {
    const time = now();
    let asAsked = false;
    const done = await this.#record.append((state) => {
      const use = (image: Id): Use => (keptOut.has(image) || this.#reserved(state, image) ? 'audit' : 'train');
      const changes = changesFor(state, this.#record.project, this.#record.annotator, pick(state), { time, use });
      if (!changes.ok) return changes;
      asAsked = changes.value.length === 0;
      if (asAsked) return fail('stopped');
      return ok({ ...this.#record.entry(time), kind: 'cells', cells: changes.value });
    });
    return asAsked ? ok(null) : done;
  }

  #reserved(state: ProjectState, image: Id): boolean {
    const record = state.images.get(image);
    return record !== undefined && isReserved(record, this.#record.project);
  }

  /** A suspect label stands. Its time stays: it was given then. Null: it is no longer there. */
  async keep(image: Id, finding: Id, kept: Omit<Kept, 'time'>): Promise<Result<Action | null>> {
    let gone = false;
    const done = await this.#record.append((state) => {
      const before = cellOf(state, this.#record.annotator, image, finding);
      gone = before === null;
      if (!before) return fail('stopped');
      return ok({
        ...this.#record.entry(),
        kind: 'cells',
        cells: [{ image, finding, before, after: { ...before, kept: { ...kept, time: now() } } }],
      });
    });
    return gone ? ok(null) : done;
  }

  skip(image: Id): Promise<Result<Action>> {
    return this.#record.append((state) =>
      state.images.has(image) ? ok({ ...this.#record.entry(), kind: 'skip', image }) : fail('image-unknown', { image }),
    );
  }

  undo(): Promise<Result<Action>> {
    return this.#record.append((state) => {
      const step = nextUndo(state, this.#record.annotator);
      return step ? ok({ ...this.#record.entry(), kind: 'undo', ...step }) : fail('nothing-to-undo');
    });
  }

  redo(): Promise<Result<Action>> {
    return this.#record.append((state) => {
      const step = nextRedo(state, this.#record.annotator);
      return step ? ok({ ...this.#record.entry(), kind: 'redo', ...step }) : fail('nothing-to-undo');
    });
  }
}

const now = () => new Date().toISOString();
