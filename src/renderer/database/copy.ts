import Dexie, { type Table } from 'dexie';
import { apply, emptyState, type AnnotatorState, type ProjectState } from '../../contract/fold';
import { SCHEMA, type Action, type CellValue, type Id, type ImageRecord, type Project } from '../../contract/model';

/** Version of the tables below. Another number on disk means: delete and rebuild from the journal. */
export const COPY_VERSION = 2;

/** Rows that are handed to the database in one go. */
const PART = 200;

/** Images are spread over so many rows: at 100,000 images an answer writes 25 of them, a bulk answer 4,096 rows instead of 100,000. */
const BLOCKS = 4096;

/** What one annotator has said of the images of one block. */
export interface CellsRow {
  readonly annotator: Id;
  readonly block: number;
  readonly images: readonly (readonly [image: Id, cells: readonly (readonly [finding: Id, value: CellValue])[]])[];
}

/** The block of an image hangs on its id alone (FNV-1a). */
export function blockOf(image: Id): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < image.length; i++) hash = Math.imul(hash ^ image.charCodeAt(i), 0x01000193);
  return (hash >>> 0) % BLOCKS;
}

interface ImagesRow {
  /** Of the action that brought these images. */
  readonly seq: number;
  readonly images: readonly ImageRecord[];
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

/**
 * The copy of one project's journal, folded and keyed. Never the place where a label lives: it may be deleted at any time.
 * A row holds what is read together: a row a cell took four times as long to write and five to read as a row an image, and that took main's
 * process six seconds for 100,000 images.
 */
export class CopyDatabase {
  readonly #db: Dexie;
  readonly #images: Table<ImagesRow, number>;
  readonly #cells: Table<CellsRow, [Id, number]>;
  readonly #actions: Table<ActionRow, number>;
  readonly #meta: Table<MetaRow, string>;

  constructor(project: Id) {
    // strict: a transaction counts as done when it is on the disk, so that the copy's own number never runs ahead of its rows.
    this.#db = new Dexie(databaseName(project), { chromeTransactionDurability: 'strict' });
    this.#db.version(COPY_VERSION).stores({
      images: 'seq',
      // The first version's, with a row an image.
      cells: null,
      blocks: '[annotator+block]',
      actions: 'seq',
      meta: 'key',
    });
    this.#images = this.#db.table('images');
    this.#cells = this.#db.table('blocks');
    this.#actions = this.#db.table('actions');
    this.#meta = this.#db.table('meta');
  }

  /** Number and id of the last action in the copy, without reading it all. Null: there is none, or one of another version. */
  async end(): Promise<{ seq: number; id: Id } | null> {
    const meta = await this.#meta.get('journal');
    return meta?.schema === SCHEMA && meta.copy === COPY_VERSION ? { seq: meta.seq, id: meta.last } : null;
  }

  /** Null where something is missing. */
  async read(): Promise<ProjectState | null> {
    return this.#db.transaction('r', [this.#images, this.#cells, this.#actions, this.#meta], async () => {
      const [meta, images, cells, actions] = await Promise.all([
        this.#meta.get('journal'),
        this.#images.toArray(),
        this.#cells.toArray(),
        this.#actions.toArray(),
      ]);
      if (!meta || actions.length !== meta.seq || actions.at(-1)?.seq !== meta.seq) return null;
      const state = emptyState();
      for (const action of actions) apply(state, action);
      state.project = meta.project;
      for (const row of images) for (const image of row.images) state.images.set(image.id, image);
      for (const { annotator, images } of cells)
        for (const [image, own] of images) annotatorOf(state, annotator).cells.set(image, new Map(own));
      return state;
    });
  }

  /** Adds actions that follow each other and the cells as they leave them, all or nothing. A row without images goes. */
  async append(actions: readonly Action[], rows: Iterable<CellsRow>, project: Project): Promise<void> {
    const last = actions.at(-1);
    if (!last) return;
    const images = actions.flatMap((action) => (action.kind === 'images' ? [{ seq: action.seq, images: action.images }] : []));
    const puts: CellsRow[] = [];
    const deletes: [Id, number][] = [];
    for (const row of rows) {
      if (row.images.length > 0) puts.push(row);
      else deletes.push([row.annotator, row.block]);
    }
    await this.#db.transaction('rw', [this.#images, this.#cells, this.#actions, this.#meta], async () => {
      await this.#images.bulkPut(images);
      // Between the parts the page draws and hears keys.
      for (let from = 0; from < puts.length; from += PART) await this.#cells.bulkPut(puts.slice(from, from + PART));
      for (let from = 0; from < deletes.length; from += PART) await this.#cells.bulkDelete(deletes.slice(from, from + PART));
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
