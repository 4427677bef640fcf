import { ok, type Result } from '../contract/result';
import type { Provider } from '../contract/jobs/encoder';
import { tryProvider, type Session, type Values } from './session';

/** A session whose provider may break off (a driver that was reset, memory that ran out): then the processor takes over. The class of precision stays. */
export class SteadySession implements Session {
  private current: Session;
  private readonly model: string;
  private readonly threads: number;

  constructor(session: Session, model: string, threads: number) {
    this.current = session;
    this.model = model;
    this.threads = threads;
  }

  /** On the provider of another session, where it can be had. */
  static async beside(other: Session, model: string, threads: number): Promise<Result<SteadySession>> {
    const provider = other.provider === 'auto' ? 'cpu' : other.provider;
    const same = await tryProvider(model, provider, threads, other.reason);
    const session = same.ok || provider === 'cpu' ? same : await tryProvider(model, 'cpu', threads);
    return session.ok ? ok(new SteadySession(session.value, model, threads)) : session;
  }

  get provider(): Provider {
    return this.current.provider;
  }

  get reason(): string {
    return this.current.reason;
  }

  async run(inputs: Readonly<Record<string, Values>>, outputs?: readonly string[]): Promise<Result<Record<string, Values>>> {
    const found = await this.current.run(inputs, outputs);
    if (found.ok || this.current.provider === 'cpu') return found;
    const reason = `${this.current.provider} broke off: ${String(found.failure.params['reason'])}`;
    const cpu = await tryProvider(this.model, 'cpu', this.threads, reason);
    if (!cpu.ok) return found;
    await this.current.close();
    this.current = cpu.value;
    return this.current.run(inputs, outputs);
  }

  close(): Promise<void> {
    return this.current.close();
  }
}
