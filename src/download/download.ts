import { createHash, type Hash } from 'node:crypto';
import { mkdir, open, readFile, rename, rm, writeFile } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { basename, dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { isSafe } from '../contract/address';
import { attempt, fail, FailureError, unwrap, type Failure, type Result } from '../contract/result';
import { writeFailure } from '../files/failures';
import { addFile } from '../files/hash';
import { sizeOf } from '../files/look';
import { get, type RequestOptions } from './request';

export interface Download {
  readonly url: string;
  /** Where the file goes; what is there already is replaced only by a whole, checked file. */
  readonly file: string;
  readonly signal: AbortSignal;
  /** Bytes so far and in all (0: not known). */
  readonly onProgress?: (done: number, total: number) => void;
  /** Every host, before it is asked. */
  readonly onHost?: (host: string) => void;
  /** It broke off and is tried again after so many milliseconds. */
  readonly onRetry?: (failure: Failure, milliseconds: number) => void;
  readonly environment?: RequestOptions['environment'];
  readonly ca?: string;
  /** Milliseconds: without a byte until the connection counts as broken; before another try. */
  readonly patience?: number;
  readonly pause?: number;
}

export interface Downloaded {
  readonly file: string;
  readonly sha256: string;
  readonly bytes: number;
  readonly hosts: readonly string[];
}

const MAX_REDIRECTS = 5;
/** Tries in a row that brought not one byte. */
const MAX_TRIES = 4;
/** EVA-X B has 344 MB. */
const MAX_BYTES = 2 ** 31;

/** What the host says of the file in its first answer. */
interface Stated {
  readonly sha256: string;
  readonly bytes: number | null;
}

/** Beside FILE.part, as FILE.part.json: which file it is a part of. */
const PartNote = z.object({
  sha256: z.string(),
  bytes: z.number().int().positive().nullable(),
  hosts: z.array(z.string()).default([]),
});

/** What an interrupted download left of `file`; null where it left nothing that can be gone on with. `total` 0: not known. */
export async function unfinished(file: string): Promise<{ done: number; total: number; hosts: string[] } | null> {
  const note = await partNote(`${file}.part`);
  const done = await sizeOf(`${file}.part`);
  return note && done > 0 ? { done, total: note.bytes ?? 0, hosts: note.hosts } : null;
}

async function partNote(part: string): Promise<z.infer<typeof PartNote> | null> {
  try {
    return PartNote.parse(JSON.parse(await readFile(`${part}.json`, 'utf8')));
  } catch {
    // None there, or not one of ours.
    return null;
  }
}

/** Removes what an interrupted download left of `file`. */
export const forget = (file: string): Promise<void> => discard(`${file}.part`);

/**
 * Downloads a file and checks it against the SHA-256 that the host states. What an interrupted download left (FILE.part) is gone on with.
 * Failures: download-*, disk-full, folder-not-writable, write-failed, stopped.
 */
export async function download(wish: Download): Promise<Result<Downloaded>> {
  return attempt(() => run(wish));
}

/** Throws FailureErrors. */
async function run(wish: Download): Promise<Downloaded> {
  const { file, signal, pause = 1000 } = wish;
  const part = `${file}.part`;
  const hosts: string[] = [];
  for (let failed = 0; ;) {
    const before = await sizeOf(part);
    try {
      return await once(wish, part, hosts);
    } catch (error) {
      if (signal.aborted) throw new FailureError(fail('stopped').failure);
      if (!(error instanceof Broken)) throw error;
      failed = (await sizeOf(part)) > before ? 0 : failed + 1;
      if (failed >= MAX_TRIES) throw new FailureError(error.failure);
      const wait = pause * 2 ** failed;
      wish.onRetry?.(error.failure, wait);
      await sleep(wait, undefined, { signal }).catch(() => undefined);
    }
  }
}

/** Something that another try may mend. */
class Broken extends FailureError {}

async function once(wish: Download, part: string, hosts: string[]): Promise<Downloaded> {
  const { file } = wish;
  const { answer, stated } = await ask(wish, part, hosts);
  const host = hosts.at(-1) ?? '';
  const resumes = answer.statusCode === 206;
  const from = resumes ? await sizeOf(part) : 0;
  const total = stated.bytes ?? (resumes ? totalOf(answer) : Number(answer.headers['content-length'] ?? 0)) ?? 0;
  const hash = createHash('sha256');
  if (resumes) await addFile(hash, part);
  let bytes: number;
  try {
    bytes = await receive(answer, part, { from, total, hash, host, onProgress: wish.onProgress });
  } finally {
    answer.destroy();
  }
  if (total > 0 && bytes < total) throw broken(host, `the connection ended after ${String(bytes)} of ${String(total)} bytes`);
  const sha256 = hash.digest('hex');
  if (sha256 !== stated.sha256) {
    await discard(part);
    unwrap(
      fail('download-hash-differs', {
        file: basename(file),
        host: hosts[0] ?? host,
        found: sha256.slice(0, 12),
        expected: stated.sha256.slice(0, 12),
      }),
    );
  }
  await onDisk(file, async () => {
    await rename(part, file);
    await rm(`${part}.json`, { force: true });
  });
  return { file, sha256, bytes, hosts: [...new Set(hosts)] };
}

/** Follows redirects to the answer that holds the file, from where FILE.part ends if that is a part of the same file. */
async function ask(wish: Download, part: string, hosts: string[]): Promise<{ answer: IncomingMessage; stated: Stated }> {
  let url = new URL(wish.url);
  const { host: first } = url;
  let stated: Stated | null = null;
  let from = 0;
  for (let hop = 0; hop <= MAX_REDIRECTS; hop++) {
    if (!isSafe(url)) unwrap(fail('download-unsafe', { address: `${url.protocol}//${url.host}` }));
    if (hosts.at(-1) !== url.host) {
      hosts.push(url.host);
      wish.onHost?.(url.host);
    }
    const asked = from;
    const answer = await send(url, wish, asked > 0 ? { range: `bytes=${String(asked)}-` } : {});
    const status = answer.statusCode ?? 0;
    // Only the host that the person chose is believed; where it redirects to is a mere store.
    if (!stated && url.host === first) {
      stated = statedBy(answer);
      if (stated) from = await resumable(part, stated);
    }
    const { location } = answer.headers;
    const redirects = status >= 300 && status < 400 && location !== undefined;
    if (!redirects && stated && (status === 206 ? startOf(answer) === asked : status === 200 && (from === 0 || asked > 0))) {
      await note(wish.file, part, stated, hosts);
      return { answer, stated };
    }
    answer.destroy();
    if (redirects) url = new URL(location, url);
    else if (status === 206 || status === 416) {
      await discard(part);
      throw broken(url.host, 'it does not go on where it was asked to');
    } else if (status !== 200) throw refusal(url.host, status);
    else if (!stated) unwrap(fail('download-refused', { host: url.host, reason: 'the SHA-256 of the file is not stated' }));
    // Else: a host that gives the file without a redirect is asked again, from where the part ends.
  }
  return unwrap(fail('download-refused', { host: url.host, reason: 'it redirects without end' }));
}

/** Says beside the part which file it belongs to. */
async function note(file: string, part: string, stated: Stated, hosts: readonly string[]): Promise<void> {
  await onDisk(file, async () => {
    await mkdir(dirname(part), { recursive: true });
    await writeFile(`${part}.json`, JSON.stringify({ ...stated, hosts: [...new Set(hosts)] }));
  });
}

async function send(url: URL, { signal, environment = process.env, patience = 30_000, ca }: Download, headers: Record<string, string>) {
  try {
    return await get(url, { headers, signal, patience, environment, ca });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new Broken(fail('download-offline', { host: url.host, reason: code ?? message }, String(error)).failure);
  }
}

/** Hugging Face states hash and size of large files as X-Linked-*; elsewhere a strong ETag of the right form is taken for it. */
function statedBy({ headers, statusCode = 0 }: IncomingMessage): Stated | null {
  if (statusCode >= 400) return null;
  const linked = headers['x-linked-etag'];
  const sha256 = /^"?([0-9a-f]{64})"?$/i.exec(String(linked ?? headers.etag ?? ''))?.[1];
  if (sha256 === undefined) return null;
  const size = headers['x-linked-size'] ?? (statusCode === 200 ? headers['content-length'] : undefined);
  const bytes = /^\d{1,15}$/.test(String(size)) ? Number(size) : null;
  return { sha256: sha256.toLowerCase(), bytes };
}

const broken = (host: string, reason: string) => new Broken(fail('download-broken', { host, reason }).failure);

function refusal(host: string, status: number): FailureError {
  const meaning: Record<number, string> = {
    401: 'it wants a login',
    403: 'it forbids the access',
    404: 'it has no such file',
    429: 'it was asked too often',
  };
  const { failure } = fail('download-refused', { host, reason: `${meaning[status] ?? 'an error of its own'} (status ${String(status)})` });
  // Errors of the server may pass; what it refuses it will refuse again.
  return status >= 500 || status === 429 ? new Broken(failure) : new FailureError(failure);
}

interface Receiving {
  readonly from: number;
  readonly total: number;
  readonly hash: Hash;
  readonly host: string;
  readonly onProgress: Download['onProgress'];
}

/** Writes the body behind what is there and returns the new length. */
async function receive(answer: IncomingMessage, part: string, { from, total, hash, host, onProgress }: Receiving): Promise<number> {
  let bytes = from;
  onProgress?.(bytes, total);
  await onDisk(part, async () => {
    const handle = await open(part, from > 0 ? 'a' : 'w');
    try {
      for await (const chunk of bodyOf(answer, host)) {
        if (bytes + chunk.length > (total > 0 ? total : MAX_BYTES)) {
          unwrap(fail('download-refused', { host, reason: `it sends more than the ${String(total)} bytes that it stated` }));
        }
        await handle.write(chunk);
        hash.update(chunk);
        bytes += chunk.length;
        onProgress?.(bytes, total);
      }
      await handle.sync();
    } finally {
      await handle.close();
    }
  });
  return bytes;
}

async function* bodyOf(answer: IncomingMessage, host: string): AsyncGenerator<Buffer> {
  try {
    for await (const chunk of answer) yield chunk as Buffer;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw broken(host, code ?? message);
  }
}

/** Errors of the file system as failures; the others go through. */
async function onDisk<T>(file: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof FailureError) throw error;
    throw new FailureError(writeFailure(error, file, dirname(file)).failure);
  }
}

/** Bytes of FILE.part, if it is a part of the file that the host states. */
async function resumable(part: string, stated: Stated): Promise<number> {
  const known = await partNote(part);
  const size = await sizeOf(part);
  if (known?.sha256 === stated.sha256 && (stated.bytes === null || size < stated.bytes)) return size;
  await discard(part);
  return 0;
}

const startOf = (answer: IncomingMessage) => Number(/^bytes (\d+)-/.exec(answer.headers['content-range'] ?? '')?.[1] ?? NaN);
const totalOf = (answer: IncomingMessage) => Number(/\/(\d+)$/.exec(answer.headers['content-range'] ?? '')?.[1] ?? 0);

async function discard(part: string): Promise<void> {
  // What cannot be removed shows when it is to be written.
  for (const file of [part, `${part}.json`]) await rm(file, { force: true }).catch(() => undefined);
}
