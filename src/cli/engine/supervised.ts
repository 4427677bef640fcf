import { fork, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { z } from 'zod';
import { encoderService, type EmbeddedItem, type EncoderService, type Provider } from '../../contract/jobs/encoder';
import { fail, ok, type Result } from '../../contract/result';
import { connect, type Client } from '../../contract/wire';
import { Restarts } from '../../encoder/restarts';
import { packageFolder } from '../package';
import type { Session } from '../session';
import { ofChild } from './ipc';

type Opened = z.infer<EncoderService['methods']['open']['result']>;

export interface SupervisedOptions {
  readonly session: Session;
  readonly profile: string;
  readonly folder: string;
  readonly provider: Provider;
  readonly onItems: (items: EmbeddedItem[]) => void;
}

/** How long the process has to close its store and go. */
const CLOSING_MILLISECONDS = 10_000;

/** The encoder in a process of its own, which is started again with a smaller batch when it ends unexpectedly. */
export class SupervisedEncoder {
  private readonly options: SupervisedOptions;
  private readonly restarts = new Restarts();
  private child: ChildProcess | null = null;
  private client: Client<EncoderService> | null = null;
  private current: Opened | null = null;

  constructor(options: SupervisedOptions) {
    this.options = options;
  }

  /** As it is open now; `provider` and `batch` may change on the way. */
  get opened(): Opened {
    if (!this.current) throw new Error('the encoder is not open');
    return this.current;
  }

  /** Does `work`, again after each end of the process while there is hope. `done`: tells whether it came nearer to its end. */
  async run<T>(work: (client: Client<EncoderService>) => Promise<Result<T>>, done: () => number = () => 0): Promise<Result<T>> {
    for (;;) {
      const before = done();
      const client = await this.open();
      const result = client.ok ? await work(client.value) : client;
      const { signal, note } = this.options.session;
      if (result.ok || result.failure.code !== 'process-gone') return result;
      this.client = null;
      if (signal.aborted) return fail('stopped');
      if (!this.restarts.ended(done() > before)) return { ok: false, failure: this.restarts.givenUp() };
      note(`The encoder: ${this.restarts.sentence}`);
    }
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

  private async open(): Promise<Result<Client<EncoderService>>> {
    if (this.client) return ok(this.client);
    const { session, profile, folder, provider, onItems } = this.options;
    const file = join(packageFolder(), 'out', 'main', 'collimate-encoder.js');
    if (!existsSync(file)) return fail('internal', { reason: `${file} is missing: run "npm run build" first` });
    const child = fork(file, [profile, String(session.threads)], {
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    this.child = child;
    const client = connect(encoderService, ofChild(child));
    client.on('embedded', ({ items }) => onItems(items));
    client.on('changed', (state) => {
      if (this.current) this.current = { ...this.current, ...state };
      session.note(`The encoder goes on with ${state.provider}, ${String(state.batch)} images at a time: ${state.reason}`);
    });
    const parameters = { folder, provider, threads: session.threads, batch: this.restarts.batch };
    const opened = await client.call('open', parameters, { signal: session.signal });
    if (!opened.ok) return opened;
    this.current = opened.value;
    this.client = client;
    return ok(client);
  }
}
