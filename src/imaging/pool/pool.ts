import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { fail, type Result } from '../../contract/result';
import type { Job, JobValue, Reply } from './job';

export interface PoolOptions {
  /** The built entry of worker.ts. */
  readonly workerUrl: URL;
  /** Default: cores - 1, at least 1, at most 4. */
  readonly threads?: number;
  /** After this many seconds a file is given up and its thread replaced. Default 30. */
  readonly seconds?: number;
  /** Start a thread at once, so that the first picture does not wait for it. */
  readonly eager?: boolean;
}

type Answer = Result<JobValue[Job['kind']]>;

interface Task {
  readonly job: Job;
  readonly resolve: (answer: Answer) => void;
}

interface Thread {
  readonly worker: Worker;
  task: Task | null;
  timer: NodeJS.Timeout | null;
}

const LEVELS = 3;
/** A thread that was told to end does so within milliseconds, unless it waits for a drive. */
const ENDING_MS = 2000;

/**
 * Worker threads that each do one job at a time. Of the waiting jobs those with the smallest priority number go first, in
 * the order in which they came. Threads start when they are needed; idle ones do not keep the process alive.
 */
export class Pool {
  private readonly threads = new Set<Thread>();
  /** They were told to end and cannot before a drive answers. Until then they keep their memory. */
  private readonly held = new Set<Worker>();
  private readonly waiting: Task[][] = Array.from({ length: LEVELS }, () => []);
  private readonly limit: number;
  private readonly seconds: number;
  private readonly workerUrl: URL;
  private closed = false;

  constructor({ workerUrl, threads, seconds, eager }: PoolOptions) {
    this.workerUrl = workerUrl;
    this.limit = threads === undefined || threads < 1 ? Math.min(4, Math.max(1, availableParallelism() - 1)) : threads;
    this.seconds = seconds ?? 30;
    if (eager === true) this.start().worker.unref();
  }

  /** Answers the job's own failures, and image-timeout, decoder-crashed, or stopped (aborted before it was finished). */
  run<K extends Job['kind']>(job: Job & { kind: K }, priority: number, signal?: AbortSignal): Promise<Result<JobValue[K]>> {
    return new Promise((resolve) => {
      if (this.closed || signal?.aborted === true) return resolve(fail('stopped'));
      const stop = () => {
        const queue = this.waiting[level] ?? [];
        const at = queue.indexOf(task);
        if (at !== -1) queue.splice(at, 1);
        // A job in hand is finished by its thread, and nobody hears of it.
        task.resolve(fail('stopped'));
      };
      const task: Task = {
        job,
        resolve: (answer) => {
          signal?.removeEventListener('abort', stop);
          resolve(answer as Result<JobValue[K]>);
        },
      };
      const level = Math.min(Math.max(Math.trunc(priority), 0), LEVELS - 1);
      signal?.addEventListener('abort', stop, { once: true });
      this.waiting[level]?.push(task);
      this.dispatch();
    });
  }

  async close(): Promise<void> {
    this.closed = true;
    for (const queue of this.waiting) for (const task of queue.splice(0)) task.resolve(fail('stopped'));
    const ended = Promise.all([...this.threads].map((thread) => this.retire(thread, fail('stopped'))));
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise((resolve) => (timer = setTimeout(resolve, ENDING_MS)));
    await Promise.race([ended, late]);
    clearTimeout(timer);
  }

  private dispatch(): void {
    for (;;) {
      const queue = this.waiting.find((tasks) => tasks.length > 0);
      if (!queue || this.closed) return;
      const idle = [...this.threads].find(({ task }) => task === null);
      if (!idle && this.threads.size === 0 && this.stuck) {
        const task = queue.shift();
        task?.resolve(fail('file-unreadable', { file: task.job.source.file, reason: 'the drive does not answer' }));
        continue;
      }
      const thread = idle ?? (this.threads.size < this.limit && !this.stuck ? this.start() : null);
      if (!thread) return;
      const task = queue.shift();
      if (task) this.assign(thread, task);
    }
  }

  /** As many threads as there may be are held: more would only take more memory. */
  private get stuck(): boolean {
    return this.held.size >= this.limit;
  }

  private assign(thread: Thread, task: Task): void {
    thread.task = task;
    thread.worker.ref();
    const { file } = task.job.source;
    thread.timer = setTimeout(() => void this.retire(thread, fail('image-timeout', { file, seconds: this.seconds })), this.seconds * 1000);
    thread.worker.postMessage(task.job);
  }

  private start(): Thread {
    const worker = new Worker(this.workerUrl, { resourceLimits: { maxOldGenerationSizeMb: 1024 } });
    const thread: Thread = { worker, task: null, timer: null };
    this.threads.add(thread);
    worker.on('message', (reply: Reply) => this.finish(thread, reply));
    worker.on('error', (error) => void this.retire(thread, crashed(thread, error.stack ?? error.message)));
    worker.on('exit', (code) => void this.retire(thread, crashed(thread, `the thread ended with code ${String(code)}`)));
    return thread;
  }

  private finish(thread: Thread, { result, spent }: Reply): void {
    const { task } = thread;
    if (thread.timer) clearTimeout(thread.timer);
    thread.task = null;
    thread.timer = null;
    if (spent) void this.retire(thread, result);
    else thread.worker.unref();
    task?.resolve(result);
    this.dispatch();
  }

  /** Takes a thread out of use; `answer` is for the job it may have in hand. */
  private async retire(thread: Thread, answer: Answer): Promise<void> {
    if (!this.threads.delete(thread)) return;
    if (thread.timer) clearTimeout(thread.timer);
    thread.task?.resolve(answer);
    this.dispatch();
    const hold = setTimeout(() => {
      this.held.add(thread.worker);
      this.dispatch();
    }, ENDING_MS).unref();
    await thread.worker.terminate();
    clearTimeout(hold);
    if (this.held.delete(thread.worker)) this.dispatch();
  }
}

const crashed = ({ task }: Thread, detail: string) => fail('decoder-crashed', { file: task?.job.source.file ?? 'no file' }, detail);
