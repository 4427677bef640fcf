import { open } from 'node:fs/promises';
import { basename } from 'node:path';
import { fail, FailureError, ok, type Result } from '../../contract/result';

/** A file read at any position, within its bounds. */
export interface Source {
  readonly name: string;
  readonly size: number;
  /** Exactly `length` bytes in a buffer of their own; throws a FailureError (`checkpoint-corrupt`) where the file has fewer. */
  read(at: number, length: number): Promise<Uint8Array>;
  close(): Promise<void>;
}

/** Stops reading: caught at the entry of the checkpoint reader and handed on as a value. */
export function corrupt(file: string, reason: string): never {
  throw new FailureError(fail('checkpoint-corrupt', { file, reason }).failure);
}

export async function openSource(path: string): Promise<Result<Source>> {
  const name = basename(path);
  try {
    const handle = await open(path, 'r');
    const stats = await handle.stat();
    if (!stats.isFile()) {
      await handle.close();
      return fail('checkpoint-not-one', { file: name });
    }
    return ok({
      name,
      size: stats.size,
      async read(at, length) {
        if (at < 0 || length < 0 || at + length > stats.size) {
          corrupt(name, `expected ${String(Math.max(0, at + length - stats.size))} more bytes`);
        }
        const bytes = new Uint8Array(length);
        for (let done = 0; done < length;) {
          const { bytesRead } = await handle.read(bytes, done, Math.min(length - done, 2 ** 30), at + done);
          if (bytesRead === 0) corrupt(name, 'it became shorter while it was read');
          done += bytesRead;
        }
        return bytes;
      },
      close: () => handle.close(),
    });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return fail('file-missing', { file: name });
    return fail('file-unreadable', { file: name, reason: code ?? message }, message);
  }
}
