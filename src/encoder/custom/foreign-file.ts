import { closeSync, fstatSync, openSync, readSync, statSync } from 'node:fs';
import { realpath, stat } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join, sep } from 'node:path';
import { attempt, fail, FailureError, ok, unwrap, type Result } from '../../contract/result';
import { Malformed, type Bytes, type Piece } from '../../onnx/fields';
import { inspect, Refused, type ForeignModel } from '../../onnx/inspect';

/** A model of somebody else that is open for reading: what it says of itself, and where its bytes lie. */
export interface ForeignFile {
  readonly path: string;
  readonly bytes: Bytes;
  readonly model: ForeignModel;
  /** The files beside it in which it keeps weights, by the name that it uses. */
  readonly data: ReadonlyMap<string, string>;
  readonly close: () => void;
}

const WINDOW = 2 ** 20;
/** Protobuf, and so ONNX, cannot say more. */
const MAX_BYTES = 2 ** 31 - 1;

/** Opens a model and reads all but its weights, bounded. Fails: file-missing, file-unreadable, model-*. */
export async function openForeign(path: string): Promise<Result<ForeignFile>> {
  const opened = openForeignModel(path);
  if (!opened.ok) return opened;
  const { close, model, bytes } = opened.value;
  const data = await attempt(() => dataFiles(path, model, bytes.size)).catch((error: unknown) => {
    close();
    throw error;
  });
  if (data.ok) return ok({ ...opened.value, data: data.value });
  close();
  return data;
}

/** The same without looking for files beside it: for models of our own writing, which have none. */
export function openForeignModel(path: string): Result<ForeignFile> {
  const file = basename(path);
  let handle: number;
  try {
    if (!statSync(path).isFile()) return fail('model-not-one', { file, reason: 'it is no ordinary file' });
    handle = openSync(path, 'r');
  } catch (error) {
    const { code = 'unknown' } = error as NodeJS.ErrnoException;
    return code === 'ENOENT' ? fail('file-missing', { file }) : fail('file-unreadable', { file, reason: code }, String(error));
  }
  const close = () => closeSync(handle);
  try {
    const { size } = fstatSync(handle);
    if (size > MAX_BYTES) unwrap(fail('model-unsupported', { file, reason: 'it has more than 2 GB' }));
    const bytes = fileBytes(handle, size);
    return ok({ path, bytes, model: sentenceFor(file, () => inspect(bytes)), data: new Map(), close });
  } catch (error) {
    close();
    if (error instanceof FailureError) return { ok: false, failure: error.failure };
    throw error;
  }
}

/** What a reader of untrusted bytes throws, as a failure with a sentence. */
export function sentenceFor<T>(file: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof Malformed) return unwrap(fail('model-not-one', { file, reason: error.message }));
    if (error instanceof Refused) return unwrap(fail('model-unsupported', { file, reason: error.message }));
    throw error;
  }
}

/** A file through a window: nothing of its size is ever held. */
function fileBytes(handle: number, size: number): Bytes {
  let window: Uint8Array = new Uint8Array();
  let start = 0;
  return {
    size,
    read(from, length) {
      if (from < start || from + length > start + window.length) {
        const wanted = Math.min(Math.max(length, WINDOW), size - from);
        window = new Uint8Array(wanted);
        start = from;
        for (let at = 0; at < wanted;) {
          const count = readSync(handle, window, at, wanted - at, from + at);
          if (count === 0) throw new Malformed('it became shorter while it was read');
          at += count;
        }
      }
      return window.subarray(from - start, from - start + length);
    },
  };
}

/** Checks that the weights kept elsewhere are beside the model, in ordinary files long enough. */
async function dataFiles(path: string, model: ForeignModel, size: number): Promise<Map<string, string>> {
  const file = basename(path);
  const folder = await realpath(dirname(path));
  const found = new Map<string, string>();
  let total = size;
  for (const { location, offset, length } of model.external) {
    total += length;
    if (total > MAX_BYTES) unwrap(fail('model-unsupported', { file, reason: 'it has, with its weights, more than 2 GB' }));
    const place = found.get(location) ?? (await dataFile(file, folder, location));
    found.set(location, place);
    if (offset + length > (await stat(place)).size)
      unwrap(fail('model-not-one', { file, reason: `${location} is shorter than the weights in it` }));
  }
  return found;
}

async function dataFile(file: string, folder: string, location: string): Promise<string> {
  const outside = () =>
    unwrap<never>(
      fail('model-unsupported', { file, reason: `it names ${location || 'no file'} for its weights, which is not in its own folder` }),
    );
  // As on every system: a model made on Windows may be opened elsewhere, and the other way round.
  if (location === '' || isAbsolute(location) || /^[a-z]:|^[\\/]|(^|[\\/])\.\.([\\/]|$)|\0/i.test(location)) return outside();
  const place = await realpath(join(folder, location)).catch(() => null);
  if (place !== null && !place.startsWith(folder + sep)) return outside();
  if (place !== null && (await stat(place)).isFile()) return place;
  return unwrap<never>(fail('model-data-missing', { file, data: location }));
}

/** The bytes of the pieces, at most a few megabytes at a time. */
export function* chunks(foreign: Pick<ForeignFile, 'bytes' | 'data'>, pieces: readonly Piece[]): Generator<Uint8Array> {
  for (const piece of pieces) {
    if (piece instanceof Uint8Array) yield piece;
    else if (piece.data === null) {
      for (let at = piece.from; at < piece.to; at += WINDOW) yield foreign.bytes.read(at, Math.min(WINDOW, piece.to - at)).slice();
    } else {
      const handle = openSync(foreign.data.get(piece.data) ?? '', 'r');
      try {
        const bytes = fileBytes(handle, fstatSync(handle).size);
        if (piece.to > bytes.size) throw new Malformed(`${piece.data} became shorter while it was read`);
        for (let at = piece.from; at < piece.to; at += WINDOW) yield bytes.read(at, Math.min(WINDOW, piece.to - at)).slice();
      } finally {
        closeSync(handle);
      }
    }
  }
}
