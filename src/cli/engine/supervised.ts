import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encoderService, type EncoderService } from '../../contract/jobs/encoder';
import { fail, ok, type Result } from '../../contract/result';
import { connect, type Client } from '../../contract/wire';
import { endingOfExit, type Ending } from '../../supervise/ending';
import { Restarts, whileEnding } from '../../supervise/restarts';
import { packageFolder } from '../package';
import type { Session } from '../session';
import { ofChild } from './ipc';

export interface SupervisedOptions {
  readonly session: Session;
  /** Keeps the built-in encoder and embeddings from one run to the next; null: a temporary folder. */
  readonly profile: string | null;
  /** Where the temporary folder is made: tokens want more room than the system's own place for such folders may have. */
  readonly temporaryIn?: string | undefined;
  /** Makes a process that was just started ready for work: listens, and opens what is to be run with this batch. */
  readonly prepare?: (client: Client<EncoderService>, batch: number) => Promise<Result<void>>;
}

/** How long the process has to close its store and go. */
const CLOSING_MILLISECONDS = 10_000;
const ENDING_MILLISECONDS = 1_000;

/** The encoder in a process of its own for `work`; closed whatever happens. */
export async function withSupervised<T>(
  options: SupervisedOptions,
  work: (encoder: SupervisedEncoder) => Promise<Result<T>>,
): Promise<Result<T>> {
  const temporary = options.profile === null ? await mkdtemp(join(options.temporaryIn ?? tmpdir(), 'collimate-')) : null;
  const encoder = new SupervisedEncoder(options, options.profile ?? temporary ?? '');
  try {
    return await work(encoder);
  } finally {
    await encoder.close();
    if (temporary !== null) await rm(temporary, { recursive: true, force: true });
  }
}

/** A process that is started again with a smaller batch when it ends unexpectedly. */
export class SupervisedEncoder {
  readonly profile: string;
  private readonly options: SupervisedOptions;
  private readonly restarts = new Restarts();
  private child: ChildProcess | null = null;
  private client: Client<EncoderService> | null = null;

  constructor(options: SupervisedOptions, profile: string) {
    this.options = options;
    this.profile = profile;
  }

  /** Does `work`, again after each end of the process while there is hope. `done`: tells whether it came nearer to its end. */
  async run<T>(
    work: (client: Client<EncoderService>, batch: number) => Promise<Result<T>>,
    done: () => number = () => 0,
  ): Promise<Result<T>> {
    const { signal, note } = this.options.session;
    return whileEnding(
      async (batch) => {
        const client = await this.open();
        return client.ok ? work(client.value, batch) : client;
      },
      {
        restarts: this.restarts,
        signal,
        done,
        ending: () => this.ended(),
        onEnded: () => note(`The encoder: ${this.restarts.sentence}`),
      },
    );
  }

  async close(): Promise<void> {
    const { child } = this;
    this.client = null;
    this.child = null;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    const timer = setTimeout(() => child.kill('SIGKILL'), CLOSING_MILLISECONDS);
    if (child.connected) child.disconnect();
    await ended;
    clearTimeout(timer);
  }

  /** The connection breaks a little before the system says how the process ended. */
  private async ended(): Promise<Ending | null> {
    const { child } = this;
    this.client = null;
    if (!child) return null;
    const late = AbortSignal.timeout(ENDING_MILLISECONDS);
    // Rejects for a process that could not be started, or that lets itself be waited for.
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit', { signal: late }).catch(() => undefined);
    return child.exitCode === null && child.signalCode === null ? null : endingOfExit(child.exitCode, child.signalCode);
  }

  private async open(): Promise<Result<Client<EncoderService>>> {
    if (this.client) return ok(this.client);
    const { session, prepare } = this.options;
    const file = join(packageFolder(), 'out', 'main', 'collimate-encoder.js');
    if (!existsSync(file)) return fail('internal', { reason: `${file} is missing: run "npm run build" first` });
    const child = fork(file, [this.profile, String(session.threads)], {
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    this.child = child;
    const client = connect(encoderService, ofChild(child));
    const ready = await prepare?.(client, this.restarts.batch);
    if (ready && !ready.ok) return ready;
    this.client = client;
    return ok(client);
  }
}
