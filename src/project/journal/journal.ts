import { mkdir, open, readdir, stat, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { apply, emptyState, type ProjectState } from '../../contract/fold';
import { Action, type Id } from '../../contract/model';
import { fail, ok, type Result } from '../../contract/result';
import { syncFolder } from '../../files/atomic';
import { exists } from '../../files/look';
import { writeFailure } from '../../files/failures';
import { disk, type FileLayer, type JournalFile } from './file-layer';
import { checksum, encodeLine, MAX_LINE } from './line';
import { takeLock } from './lock';
import { scan } from './scan';
import { readSnapshot, writeSnapshot, type LastLine } from './snapshot';

type WithoutSeq<A> = A extends unknown ? Omit<A, 'seq'> : never;
/** An action before the journal numbers it. */
export type Draft = WithoutSeq<Action>;
/** Made when all actions before it are on the disk and in the state: undo, or a change that has to say what it replaces. */
export type DraftFrom = (state: ProjectState) => Result<Draft>;

export const JOURNAL_FILE = 'journal.jsonl';
/** Every so many lines the place of one is kept, so that reading on from anywhere is quick. */
const INDEX_STEP = 256;
/** A snapshot is worth its time from so many new actions or bytes on: one bulk action can be as long as thousands of others. */
const SNAPSHOT_EVERY = 500;
const SNAPSHOT_BYTES = 4 * 1024 * 1024;

interface Waiting {
  readonly draft: Draft | DraftFrom;
  readonly resolve: (result: Result<Action>) => void;
  readonly reject: (error: unknown) => void;
}

/** Where a journal was read up to. */
interface Position {
  readonly state: ProjectState;
  readonly offsets: number[];
  /** Bytes on the disk that are acknowledged; what lies behind is not ours. */
  end: number;
  /** The last line of all, by which a snapshot knows its journal again. */
  lastLine: LastLine;
  /** Id of the last action; null where an older snapshot does not say. */
  lastId: Id | null;
  snapshotSeq: number;
  snapshotEnd: number;
}

/** The one writer of a project's labels. `append` answers when the action is flushed to the disk, and only then is it saved. */
export class Journal {
  readonly #folder: string;
  readonly #file: JournalFile;
  readonly #position: Position;
  readonly #unlock: () => Promise<void>;
  readonly #queue: Waiting[] = [];
  #running: Promise<void> | null = null;
  /** Bytes of a failed write may lie behind the end. */
  #unclean = false;
  #closed = false;

  private constructor(folder: string, file: JournalFile, position: Position, unlock: () => Promise<void>) {
    this.#folder = folder;
    this.#file = file;
    this.#position = position;
    this.#unlock = unlock;
  }

  /**
   * Opens the journal of a project folder, takes its lock and folds its actions. A torn last line is copied to
   * `journal.torn-<n>` and cut off. Fails: project-missing, project-open-elsewhere, project-newer, journal-damaged,
   * folder-not-writable, disk-full, write-failed.
   */
  static async open(folder: string, options: { create?: boolean; layer?: FileLayer } = {}): Promise<Result<Journal>> {
    const layer = options.layer ?? disk;
    const path = join(folder, JOURNAL_FILE);
    const undo: (() => Promise<void>)[] = [];
    try {
      if (options.create === true) await mkdir(folder, { recursive: true });
      else if (!(await exists(path))) return fail('project-missing', { project: folder });
      const lock = await takeLock(join(folder, 'journal.lock'));
      if (!lock.ok) return lock;
      undo.push(lock.value);
      const file = await layer.open(path);
      undo.push(() => file.close());
      await layer.syncFolder(folder);
      const position = await load(folder, path);
      if (!position.ok) return position;
      undo.length = 0;
      return ok(new Journal(folder, file, position.value, lock.value));
    } catch (error) {
      return writeFailure(error, path, folder);
    } finally {
      for (const step of undo.toReversed()) await step();
    }
  }

  /** All acknowledged actions, folded. To be read, not changed. */
  get state(): ProjectState {
    return this.#position.state;
  }

  get lastId(): Id | null {
    return this.#position.lastId;
  }

  /** Sequence number of the last acknowledged action. */
  get last(): number {
    return this.#position.state.seq;
  }

  /**
   * Numbers the action, writes it and flushes. Actions that wait for the same flush share it. After a failure (disk-full,
   * write-failed) nothing of the action is left, and the journal can be used on.
   */
  append(draft: Draft | DraftFrom): Promise<Result<Action>> {
    if (this.#closed) return Promise.resolve(fail('stopped'));
    return new Promise((resolve, reject) => {
      this.#queue.push({ draft, resolve, reject });
      this.#running ??= this.#run();
    });
  }

  /** Actions with sequence numbers after `after`, at most `limit`. */
  async read(after: number, limit: number): Promise<Result<{ actions: Action[]; last: number }>> {
    const { offsets, end, state } = this.#position;
    const last = state.seq;
    const block = Math.max(0, Math.floor(after / INDEX_STEP));
    const actions: Action[] = [];
    if (after >= last || limit <= 0) return ok({ actions, last });
    const file = await open(join(this.#folder, JOURNAL_FILE), 'r');
    try {
      const range = { from: offsets[block] ?? 0, to: end, first: block * INDEX_STEP + 1 };
      const { problem } = await scan(file, range, (action) => {
        if (action.seq > after) actions.push(action);
        return actions.length < limit;
      });
      return problem ? { ok: false, failure: problem.failure } : ok({ actions, last });
    } finally {
      await file.close();
    }
  }

  /** Writes a snapshot where enough has happened since the last one. It only saves time at the next opening, so a failure loses nothing. */
  async snapshot(): Promise<void> {
    const position = this.#position;
    const { seq } = position.state;
    const { end } = position;
    if (seq - position.snapshotSeq < SNAPSHOT_EVERY && end - position.snapshotEnd < SNAPSHOT_BYTES) return;
    // The state is made into text before the first wait, so it stays that of this moment.
    await writeSnapshot(this.#folder, position, position.lastLine);
    position.snapshotSeq = seq;
    position.snapshotEnd = end;
  }

  /** Waits for what is under way, then lets the project go. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#running;
    await this.snapshot().catch(() => undefined);
    await this.#file.close();
    await this.#unlock();
  }

  async #run() {
    // A turn of the loop, so that the appends of one moment share their first flush too.
    await Promise.resolve();
    while (this.#queue.length > 0) await this.#commit(this.#takeGroup());
    this.#running = null;
  }

  /** A draft that depends on the state comes first in its group, when everything before it is on the disk. */
  #takeGroup(): Waiting[] {
    const next = this.#queue.findIndex(({ draft }, at) => at > 0 && typeof draft === 'function');
    return this.#queue.splice(0, next === -1 ? this.#queue.length : next);
  }

  async #commit(group: Waiting[]) {
    const actions: { action: Action; bytes: Buffer; waiting: Waiting }[] = [];
    const { state, offsets } = this.#position;
    for (const waiting of group) {
      try {
        const draft = typeof waiting.draft === 'function' ? waiting.draft(state) : ok(waiting.draft);
        if (!draft.ok) {
          waiting.resolve(draft);
          continue;
        }
        // A line that could not be read again must never be written: an invalid action is a bug of the caller.
        const action = Action.parse({ ...draft.value, seq: state.seq + actions.length + 1 });
        const bytes = encodeLine(action);
        if (bytes.length > MAX_LINE) throw new Error(`an action of ${String(bytes.length)} bytes`);
        actions.push({ action, bytes, waiting });
      } catch (error) {
        waiting.reject(error);
      }
    }
    if (actions.length === 0) return;
    const written = await this.#write(actions.map(({ bytes }) => bytes)).catch((error: unknown) => {
      for (const { waiting } of actions) waiting.reject(error);
    });
    if (!written) return;
    for (const { action, bytes, waiting } of actions) {
      if (!written.ok) {
        waiting.resolve(written);
        continue;
      }
      if ((action.seq - 1) % INDEX_STEP === 0) offsets.push(this.#position.end);
      this.#position.lastLine = lastLine(this.#position.end, bytes.subarray(0, -1));
      this.#position.end += bytes.length;
      this.#position.lastId = action.id;
      apply(state, action);
      waiting.resolve(ok(action));
    }
  }

  async #write(lines: Buffer[]): Promise<Result<void>> {
    const { end } = this.#position;
    try {
      if (this.#unclean) await this.#cutBack();
      const bytes = Buffer.concat(lines);
      this.#unclean = true;
      for (let done = 0; done < bytes.length;) done += await this.#file.write(bytes.subarray(done), end + done);
      await this.#file.datasync();
      this.#unclean = false;
      return ok();
    } catch (error) {
      await this.#cutBack().catch(() => undefined);
      return writeFailure(error, join(this.#folder, JOURNAL_FILE), this.#folder);
    }
  }

  /** Takes away what a failed write left, so that it cannot come back as if it had been saved. */
  async #cutBack() {
    await this.#file.truncate(this.#position.end);
    await this.#file.datasync();
    this.#unclean = false;
  }
}

const lastLine = (start: number, bytes: Uint8Array): LastLine => ({ start, crc32: checksum(bytes) });

async function load(folder: string, path: string): Promise<Result<Position>> {
  const { size } = await stat(path);
  const snapshot = size > 0 ? await readSnapshot(folder, path) : null;
  const state = snapshot?.state ?? emptyState();
  const offsets = snapshot?.offsets ?? [];
  const from = snapshot?.end ?? 0;
  const snapshotSeq = state.seq;
  let lastId = snapshot?.lastId ?? null;
  const file = await open(path, 'r');
  try {
    const { end, last, problem } = await scan(file, { from, to: size, first: state.seq + 1 }, (action, line) => {
      if ((action.seq - 1) % INDEX_STEP === 0) offsets.push(line.start);
      apply(state, action);
      lastId = action.id;
      return true;
    });
    if (problem && !problem.torn) return { ok: false, failure: problem.failure };
    if (end < size) await cutTorn(folder, path, end);
    return ok({
      state,
      offsets,
      end,
      lastLine: last ? lastLine(last.start, last.bytes) : { start: 0, crc32: '' },
      lastId,
      snapshotSeq,
      snapshotEnd: from,
    });
  } finally {
    await file.close();
  }
}

/** The torn bytes are kept beside the journal before they are cut off. */
async function cutTorn(folder: string, path: string, end: number) {
  const taken = (await readdir(folder)).filter((name) => name.startsWith('journal.torn-')).length;
  const aside = join(folder, `journal.torn-${String(taken + 1)}`);
  const source = await open(path, 'r');
  try {
    const bytes = await source.stat().then(({ size }) => Buffer.alloc(size - end));
    await source.read(bytes, 0, bytes.length, end);
    const target = await open(aside, 'wx');
    try {
      await target.writeFile(bytes);
      await target.sync();
    } finally {
      await target.close();
    }
  } finally {
    await source.close();
  }
  await truncate(path, end);
  await syncFolder(folder);
}
