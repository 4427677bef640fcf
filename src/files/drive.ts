import { constants } from 'node:fs';
import { lstat, open, readdir, realpath, stat } from 'node:fs/promises';
import { SIGNATURE_LENGTH } from './signature';

/** The calls to the file system, one by one, so that a drive that does not answer can be tried out. */
export interface Drive {
  readonly realpath: (path: string) => Promise<string>;
  readonly isFolder: (path: string) => Promise<boolean>;
  readonly list: (path: string) => Promise<{ name: string; folder: boolean }[]>;
  readonly examine: (path: string) => Promise<Awaited<ReturnType<typeof lstat>>>;
  readonly beginning: (path: string) => Promise<Uint8Array>;
}

export const localDrive: Drive = {
  realpath: (path) => realpath(path),
  isFolder: async (path) => (await stat(path)).isDirectory(),
  list: async (path) => (await readdir(path, { withFileTypes: true })).map((child) => ({ name: child.name, folder: child.isDirectory() })),
  examine: (path) => lstat(path),
  beginning: async (path) => {
    // A file that became a pipe since it was looked at would wait for its writer.
    const handle = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    try {
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(SIGNATURE_LENGTH), 0, SIGNATURE_LENGTH, 0);
      return buffer.subarray(0, bytesRead);
    } finally {
      await handle.close();
    }
  },
};

export class Unanswered extends Error {
  readonly code = 'ETIMEDOUT';
}

/** Calls that hang keep their thread, of which a process has four for all its files: the journal must not wait behind them. */
export const AT_ONCE = 2;
let underWay = 0;
const waiting: (() => void)[] = [];

/**
 * A call to a drive that may never answer, with a time limit: Unanswered after that. What hangs goes on hanging, but nobody waits for it,
 * and no more than two calls of the process hang: the others wait for their turn, within their limit.
 */
export function patiently<T>(call: () => Promise<T>, seconds: number): Promise<T> {
  return new Promise((resolve, reject) => {
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      reject(new Unanswered('the drive does not answer'));
    }, seconds * 1000);
    const begin = () => {
      // Whoever gave up while waiting leaves the turn to the next.
      if (late) return waiting.shift()?.();
      underWay += 1;
      void call()
        .then(resolve, reject)
        .finally(() => {
          clearTimeout(timer);
          underWay -= 1;
          waiting.shift()?.();
        });
      return undefined;
    };
    if (underWay < AT_ONCE) begin();
    else waiting.push(begin);
  });
}

/** The same calls, each with a time limit. */
export const patient = (drive: Drive, seconds: number): Drive => ({
  realpath: (path) => patiently(() => drive.realpath(path), seconds),
  isFolder: (path) => patiently(() => drive.isFolder(path), seconds),
  list: (path) => patiently(() => drive.list(path), seconds),
  examine: (path) => patiently(() => drive.examine(path), seconds),
  beginning: (path) => patiently(() => drive.beginning(path), seconds),
});
