import { appendFileSync, mkdirSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';

const LIMIT = 2 * 1024 * 1024;

export interface Log {
  readonly note: (text: string) => void;
  /** A bug: logged with its stack, and handed to whoever shows it. */
  readonly bug: (error: unknown) => void;
  readonly onBug: (listener: (message: string, detail: string) => void) => void;
}

/** The log of main: two files of at most 2 MB. It holds no image paths beyond those of failures and no patient data. */
export function setupLog(profile: string): Log {
  const folder = join(profile, 'logs');
  const file = join(folder, 'main.log');
  mkdirSync(folder, { recursive: true });
  const listeners: ((message: string, detail: string) => void)[] = [];

  const write = (text: string) => {
    try {
      if ((statSync(file, { throwIfNoEntry: false })?.size ?? 0) > LIMIT) renameSync(file, `${file}.1`);
      appendFileSync(file, `${new Date().toISOString()} ${text}\n`);
    } catch {
      // A full disk must not turn a log line into a crash.
    }
  };
  const bug = (error: unknown) => {
    const detail = error instanceof Error ? (error.stack ?? error.message) : String(error);
    write(`bug: ${detail}`);
    for (const listener of listeners) listener(error instanceof Error ? error.message : String(error), detail);
  };
  process.on('uncaughtException', bug);
  process.on('unhandledRejection', bug);
  return { note: write, bug, onBug: (listener) => listeners.push(listener) };
}
