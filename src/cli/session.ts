import type { Result } from '../contract/result';
import { progress, type Progress, type Terminal } from './progress';

/** What every command is run with. */
export interface Session {
  readonly seed: number;
  /** 0: as many as suits. */
  readonly threads: number;
  readonly overwrite: boolean;
  /** Aborted by Ctrl+C. */
  readonly signal: AbortSignal;
  readonly progress: (what: string) => Progress;
  /** A remark on standard error that is no failure. */
  readonly note: (text: string) => void;
}

/** What a command has to say at its end: values for --json, a sentence for people, and how many files failed. */
export interface Summary {
  readonly values: Readonly<Record<string, unknown>>;
  readonly text: string;
  readonly failed: number;
}

export type Command = (session: Session) => Promise<Result<Summary>>;

export const summary = (text: string, values: Summary['values'] = {}, failed = 0): Summary => ({ text, values, failed });

export function startSession(
  options: { seed: number; threads: number; overwrite: boolean },
  terminal: Terminal,
  signal: AbortSignal,
): Session {
  return {
    ...options,
    signal,
    progress: (what) => progress(what, terminal),
    note: (text) => terminal.write(`${text}\n`),
  };
}
