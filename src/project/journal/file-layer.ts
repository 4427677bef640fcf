import { open } from 'node:fs/promises';
import { syncFolder } from '../../files/atomic';

/** The calls that change a journal, apart, so that a test can count the flushes between them and let them fail. */
export interface JournalFile {
  /** Bytes written, which may be fewer than given. */
  write(bytes: Uint8Array, position: number): Promise<number>;
  /** Answers when the bytes and the length of the file are on the disk. */
  datasync(): Promise<void>;
  truncate(length: number): Promise<void>;
  close(): Promise<void>;
}

export interface FileLayer {
  /** Opens for reading and writing; makes an empty file where there is none. */
  open(file: string): Promise<JournalFile>;
  syncFolder(folder: string): Promise<void>;
}

export const disk: FileLayer = {
  async open(file) {
    const handle = await open(file, 'r+').catch(() => open(file, 'wx+'));
    return {
      write: async (bytes, position) => (await handle.write(bytes, 0, bytes.length, position)).bytesWritten,
      datasync: () => handle.datasync(),
      truncate: (length) => handle.truncate(length),
      close: () => handle.close(),
    };
  },
  syncFolder,
};
