import type { CellRequest, LabelImport } from '../../contract/bridge';
import { cellOf, nextRedo, nextUndo } from '../../contract/fold';
import type { Action, Id, Kept } from '../../contract/model';
import { fail, ok, type Result } from '../../contract/result';
import { readLabelTable } from './label-table';
import { changesFor } from './labels';
import type { Recorder } from './recorder';

/** Labels in one action of an import. */
const MAX_IMPORTED = 200_000;

/** What the person says of the images of the open project. */
export class Answers {
  readonly #record: Recorder;
  readonly #isAudit: (image: Id) => boolean;

  /** `isAudit`: was this image asked for as an audit draw? */
  constructor(record: Recorder, isAudit: (image: Id) => boolean) {
    this.#record = record;
    this.#isAudit = isAudit;
  }

  /** Resolves when the answer is in the journal and on the disk. Null: everything is as asked already, and nothing is written. */
  async label(requests: readonly CellRequest[]): Promise<Result<Action | null>> {
    const time = now();
    const use = (image: Id) => (this.#isAudit(image) ? ('audit' as const) : ('train' as const));
    let asAsked = false;
    const done = await this.#record.append((state) => {
      const changes = changesFor(state, this.#record.project, this.#record.annotator, requests, { time, use });
      if (!changes.ok) return changes;
      asAsked = changes.value.length === 0;
      if (asAsked) return fail('stopped');
      return ok({ ...this.#record.entry(time), kind: 'cells', cells: changes.value });
    });
    return asAsked ? ok(null) : done;
  }

  /** Labels out of a table, for what this annotator has not read. Each action holds as many as one answer may. */
  async importLabels(file: string, write: boolean): Promise<Result<LabelImport>> {
    const read = await readLabelTable(file, this.#record.project, this.#record.state.images.values());
    if (!read.ok) return read;
    const fresh = read.value.cells.filter(
      ({ image, finding }) => cellOf(this.#record.state, this.#record.annotator, image, finding) === null,
    );
    const written = write ? fresh.length : 0;
    for (let start = 0; start < written; start += MAX_IMPORTED) {
      const saved = await this.label(fresh.slice(start, start + MAX_IMPORTED));
      if (!saved.ok) return saved;
    }
    return ok({ ...read.value.summary, labels: fresh.length, kept: read.value.cells.length - fresh.length });
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
