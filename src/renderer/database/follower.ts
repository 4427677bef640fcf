import { emptyState } from '../../contract/fold';
import type { Action, Id } from '../../contract/model';
import { ok, type Failure, type Result } from '../../contract/result';
import type { Bridge } from '../app/environment';
import { nextTurn } from '../app/turn';
import type { Labels } from '../labels/labels';
import { blockOf, CopyDatabase, type CellsRow } from './copy';

export const BATCH = 5000;

/** Cells that are looked at for the copy in one go; from so many on each step of the writing has a turn of its own. */
const SLICE = 10_000;

/** How the labels in memory were brought up at the start. */
export type Start = 'continued' | 'rebuilt';

type CellsAction = Extract<Action, { cells: unknown }>;

/**
 * Keeps the labels in memory and the database behind them at the journal's sequence number. Actions come from two sides
 * (acknowledgements and events), in any order and twice; each is applied once, in order, and a gap is read again.
 */
export class JournalFollower {
  readonly #bridge: Bridge;
  readonly #project: Id;
  readonly #labels: Labels;
  readonly #onFailure: (failure: Failure) => void;
  readonly #slice: number;
  #database: CopyDatabase | null;
  #unwritten: Action[] = [];
  /** Those of them whose blocks are not known yet. */
  #untouched: CellsAction[] = [];
  /** By annotator the images with cells, by block, and the blocks that are not written yet. */
  #blocks = new Map<Id, Map<number, Set<Id>>>();
  #unwrittenBlocks = new Map<Id, Set<number>>();
  #writing: Promise<void> | null = null;
  #reading: Promise<Result<void>> | null = null;
  #ahead = 0;
  #closed = false;

  constructor(bridge: Bridge, project: Id, labels: Labels, onFailure: (failure: Failure) => void, slice = SLICE) {
    this.#slice = slice;
    this.#bridge = bridge;
    this.#project = project;
    this.#labels = labels;
    this.#onFailure = onFailure;
    this.#database = new CopyDatabase(project);
  }

  /** Brings everything up to `last`; `onProgress` hears up to which action. The copy is used if it continues this journal, else deleted and made again. */
  async open(last: number, onProgress: (actions: number) => void = () => undefined, lastId: Id | null = null): Promise<Result<Start>> {
    let start: Start = 'rebuilt';
    const end = await this.#database?.end().catch(() => null);
    if (end) {
      // Main says how the journal ends: a last action of many cells need not be fetched to be known again.
      const continues = end.seq === last && lastId !== null ? ok(end.id === lastId) : await this.#continues(end.seq, end.id, last);
      if (!continues.ok) return continues;
      const state = continues.value ? await this.#database?.read().catch(() => null) : null;
      if (state) {
        this.#labels.load(state);
        for (const [annotator, { cells }] of state.annotators) for (const image of cells.keys()) this.#blockWith(annotator, image);
        start = 'continued';
      }
    }
    if (start === 'rebuilt') {
      this.#labels.load(emptyState());
      await this.#database?.delete().catch(() => this.#giveUpCopy());
    }
    this.#ahead = Math.max(this.#ahead, last);
    const read = await this.#catchUp(onProgress);
    return read.ok ? ok(start) : read;
  }

  receive(action: Action): void {
    if (this.#closed || action.seq <= this.#labels.seq) return;
    if (action.seq === this.#labels.seq + 1 && !this.#reading) {
      this.#take([action]);
      return;
    }
    this.announce(action.seq);
    this.readOn();
  }

  /** The journal reaches to `seq`; what is missing may be on its way as the answer to a call. */
  announce(seq: number): void {
    this.#ahead = Math.max(this.#ahead, seq);
  }

  /** Reads what was announced and did not come. */
  readOn(): void {
    if (this.#closed || this.#ahead <= this.#labels.seq) return;
    void this.#catchUp().then((result) => {
      if (!result.ok) this.#onFailure(result.failure);
    });
  }

  /** Resolves when everything received so far is in the database. */
  async settled(): Promise<void> {
    await this.#reading;
    while (this.#writing) await this.#writing;
  }

  async close(): Promise<void> {
    await this.settled();
    this.#closed = true;
    this.#database?.close();
  }

  /** Whether action `seq` of the journal is the one that the copy ends with. */
  async #continues(seq: number, id: Id, last: number): Promise<Result<boolean>> {
    if (seq > last || seq < 1) return ok(false);
    const read = await this.#bridge.call('journal.read', { project: this.#project, after: seq - 1, limit: 1 });
    if (!read.ok) return read;
    const [action] = read.value.actions;
    return ok(action?.seq === seq && action.id === id);
  }

  #catchUp(onProgress?: (actions: number) => void): Promise<Result<void>> {
    this.#reading ??= this.#read(onProgress).finally(() => {
      this.#reading = null;
    });
    return this.#reading;
  }

  async #read(onProgress?: (actions: number) => void): Promise<Result<void>> {
    while (this.#labels.seq < this.#ahead && !this.#closed) {
      const after = this.#labels.seq;
      const read = await this.#bridge.call('journal.read', { project: this.#project, after, limit: BATCH });
      if (!read.ok) return read;
      const { actions, last } = read.value;
      if (actions[0]?.seq !== after + 1)
        throw new Error(`the journal ends at ${String(last)}, but action ${String(this.#ahead)} was announced`);
      this.#take(actions);
      onProgress?.(this.#labels.seq);
      this.#ahead = Math.max(this.#ahead, last);
    }
    return ok();
  }

  #take(actions: readonly Action[]): void {
    for (const action of actions) {
      if (action.seq !== this.#labels.seq + 1) throw new Error(`action ${String(action.seq)} after ${String(this.#labels.seq)}`);
      this.#labels.apply(action);
      if (this.#database && 'cells' in action) this.#untouched.push(action);
    }
    if (!this.#database) return;
    this.#unwritten.push(...actions);
    this.#writing ??= this.#write().finally(() => {
      this.#writing = null;
    });
  }

  #touch(annotator: Id, cells: CellsAction['cells']): void {
    let touched = this.#unwrittenBlocks.get(annotator);
    if (!touched) this.#unwrittenBlocks.set(annotator, (touched = new Set()));
    for (const { image } of cells) touched.add(this.#blockWith(annotator, image));
  }

  /** The number of the image's block, after it was put there. */
  #blockWith(annotator: Id, image: Id): number {
    let blocks = this.#blocks.get(annotator);
    if (!blocks) this.#blocks.set(annotator, (blocks = new Map()));
    const block = blockOf(image);
    const images = blocks.get(block);
    if (images) images.add(image);
    else blocks.set(block, new Set([image]));
    return block;
  }

  /** The touched blocks as the last action taken leaves them. */
  #takeRows(): CellsRow[] {
    const rows = [...this.#unwrittenBlocks].flatMap(([annotator, blocks]) =>
      [...blocks].map((block) => {
        const images = [...(this.#blocks.get(annotator)?.get(block) ?? [])].flatMap((image) => {
          const cells = this.#labels.cellsOf(annotator, image);
          return cells.length > 0 ? [[image, cells] as const] : [];
        });
        return { annotator, block, images };
      }),
    );
    this.#unwrittenBlocks.clear();
    return rows;
  }

  async #write(): Promise<void> {
    while (this.#unwritten.length > 0 && this.#database) {
      let isLong = false;
      for (let next; (next = this.#untouched.shift());) {
        isLong ||= next.cells.length > this.#slice;
        for (let from = 0; from < next.cells.length; from += this.#slice) {
          if (isLong) await nextTurn();
          this.#touch(next.annotator, next.cells.slice(from, from + this.#slice));
        }
      }
      const actions = this.#unwritten;
      this.#unwritten = [];
      // All actions taken are among these, so that the rows never run ahead of the number that is written with them.
      const rows = this.#takeRows();
      const project = this.#labels.project.get();
      if (isLong) await nextTurn();
      await this.#database.append(actions, rows, project).catch(() => this.#giveUpCopy());
    }
  }

  /** A full or broken database costs a rebuild at the next start and nothing else: the labels are in the journal. */
  async #giveUpCopy(): Promise<void> {
    const database = this.#database;
    this.#database = null;
    this.#unwritten = [];
    this.#untouched = [];
    this.#unwrittenBlocks.clear();
    await database?.delete().catch(() => undefined);
  }
}
