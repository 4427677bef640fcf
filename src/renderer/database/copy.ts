import Dexie, { type Table } from 'dexie';
import { apply, emptyState, type AnnotatorState, type ProjectState } from '../../contract/fold';
import { SCHEMA, type Action, type CellValue, type Id, type ImageRecord, type Project } from '../../contract/model';

/** Version of the tables below. Another number on disk means: delete and rebuild from the journal. */
export const COPY_VERSION = 1;

interface CellRow {
  readonly annotator: Id;
  readonly image: Id;
  readonly finding: Id;
  readonly value: CellValue;
}

/** An action without its cells and images: enough to know what can be undone and which images are put aside. */
type ActionRow = Action;

interface MetaRow {
  readonly key: 'journal';
  readonly schema: number;
  readonly copy: number;
  readonly seq: number;
  /** Id of the action with that number: tells this journal from another that is as long. */
  readonly last: Id;
  readonly project: Project;
}

/** The indexed copy of one project's journal. Never the place where a label lives: it may be deleted at any time. */
export class CopyDatabase {
  readonly #db: Dexie;
  readonly #images: Table<ImageRecord, Id>;
  readonly #cells: Table<CellRow, [Id, Id, Id]>;
  readonly #actions: Table<ActionRow, number>;
  readonly #meta: Table<MetaRow, string>;

  constructor(project: Id) {
    // strict: a transaction counts as done when it is on the disk, so that the copy's own number never runs ahead of its rows.
    this.#db = new Dexie(databaseName(project), { chromeTransactionDurability: 'strict' });
    this.#db.version(COPY_VERSION).stores({
      images: 'id, path',
      cells: '[annotator+image+finding], image, finding',
      actions: 'seq, id, kind',
      meta: 'key',
    });
    this.#images = this.#db.table('images');
    this.#cells = this.#db.table('cells');
    this.#actions = this.#db.table('actions');
    this.#meta = this.#db.table('meta');
  }

  /** Null: there is no copy, or one that cannot be used. */
  async read(): Promise<{ state: ProjectState; last: Id } | null> {
    return this.#db.transaction('r', [this.#images, this.#cells, this.#actions, this.#meta], async () => {
      const meta = await this.#meta.get('journal');
      if (meta?.schema !== SCHEMA || meta.copy !== COPY_VERSION) return null;
      const [images, cells, actions] = await Promise.all([this.#images.toArray(), this.#cells.toArray(), this.#actions.toArray()]);
      if (actions.at(-1)?.seq !== meta.seq || actions.length !== meta.seq) return null;
      const state = emptyState();
      for (const action of actions) apply(state, action);
      state.project = meta.project;
      for (const image of images) state.images.set(image.id, image);
      for (const { annotator, image, finding, value } of cells) {
        const own = annotatorOf(state, annotator).cells;
        const known = own.get(image);
        if (known) known.set(finding, value);
        else own.set(image, new Map([[finding, value]]));
      }
      return { state, last: meta.last };
    });
  }

  /** Adds actions that follow each other, all or none of them. */
  async append(actions: readonly Action[], project: Project): Promise<void> {
    const last = actions.at(-1);
    if (!last) return;
    await this.#db.transaction('rw', [this.#images, this.#cells, this.#actions, this.#meta], async () => {
      const images = actions.flatMap((action) => (action.kind === 'images' ? action.images : []));
      // The last value of a cell wins, whichever actions set it.
      const cells = new Map<string, CellRow | readonly [Id, Id, Id]>();
      for (const action of actions) {
        if (!('cells' in action)) continue;
        const { annotator } = action;
        for (const { image, finding, after } of action.cells) {
          cells.set(`${annotator} ${image} ${finding}`, after ? { annotator, image, finding, value: after } : [annotator, image, finding]);
        }
      }
      const puts: CellRow[] = [];
      const deletes: [Id, Id, Id][] = [];
      for (const cell of cells.values()) {
        if ('value' in cell) puts.push(cell);
        else deletes.push([...cell]);
      }
      await this.#images.bulkPut(images);
      await this.#cells.bulkPut(puts);
      await this.#cells.bulkDelete(deletes);
      await this.#actions.bulkAdd(actions.map(light));
      await this.#meta.put({ key: 'journal', schema: SCHEMA, copy: COPY_VERSION, seq: last.seq, last: last.id, project });
    });
  }

  async delete(): Promise<void> {
    await this.#db.delete({ disableAutoOpen: false });
  }

  close(): void {
    this.#db.close({ disableAutoOpen: true });
  }
}

export const databaseName = (project: Id) => `project-${project}`;

function light(action: Action): ActionRow {
  if (action.kind === 'images') return { ...action, images: [] };
  return 'cells' in action ? { ...action, cells: [] } : action;
}

function annotatorOf(state: ProjectState, annotator: Id): AnnotatorState {
  const known = state.annotators.get(annotator);
  if (known) return known;
  const made: AnnotatorState = { cells: new Map(), skipped: new Set(), undo: [], redo: [] };
  state.annotators.set(annotator, made);
  return made;
}
