import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { corrupt, refuse } from '../bounds';
import type { Codestream } from './codestream';

/**
 * The one user of dcmjs-codecs: the IJG's JPEG (8, 12 and 16 bits, lossless), CharLS, OpenJPEG and OpenJPH as one WebAssembly
 * module with a flat C interface. Its own JavaScript keeps one instance for good; here an instance goes when it has thrown,
 * which leaves its memory in any state, or has grown.
 */
export type Decoder = 'DecodeJpeg' | 'DecodeJpegLs' | 'DecodeJpeg2000' | 'DecodeHtJpeg2000';

/** Of the global WebAssembly, whose types come with those of the browser alone, what is used here. */
interface WasmMemory {
  readonly buffer: ArrayBuffer;
}
interface WasmModule {
  readonly brand: 'WebAssembly.Module';
}
const { WebAssembly } = globalThis as unknown as {
  WebAssembly: {
    compile(bytes: Uint8Array): Promise<WasmModule>;
    instantiate(module: WasmModule, imports: object): Promise<{ exports: Readonly<Record<string, unknown>> }>;
    readonly RuntimeError: ErrorConstructor;
  };
};

type Call = (...values: number[]) => number;
interface Instance {
  readonly memory: WasmMemory;
  readonly call: (name: string, ...values: number[]) => number;
  readonly messages: string[];
}

const GROWN_BYTES = 600e6;
let compiled: Promise<WasmModule> | null = null;
let instance: Instance | null = null;

/**
 * What a decoder says when it fills in for bytes that are missing or wrong: half a chest would get a label for the whole.
 * Bytes too many between two JPEG markers ("corrupt data: 2 extraneous bytes") hurt nothing, and real files have them.
 */
const incomplete = /premature|corrupt(?!.*extraneous)|truncated|unexpected end|insufficient|not enough|missing/i;

/** The samples of one frame, interleaved unless the stream says planar, little-endian. Refuses with image-corrupt, image-too-large. */
export async function decodeStream(decoder: Decoder, stream: Codestream): Promise<Uint8Array> {
  compiled ??= readFile(moduleFile()).then((bytes) => WebAssembly.compile(bytes));
  const used = (instance ??= await start(await compiled));
  used.messages.length = 0;
  try {
    const samples = decode(used, decoder, stream);
    const [complaint] = used.messages;
    if (complaint !== undefined) corrupt('its picture data break off', complaint);
    if (used.memory.buffer.byteLength > GROWN_BYTES) instance = null;
    return samples;
  } catch (error) {
    instance = null;
    if (error instanceof CodecError || error instanceof WebAssembly.RuntimeError) {
      return corrupt('the decoder gave up', [...used.messages, error.message].join('\n').slice(0, 2000));
    }
    // The module's memory ends at 2 GiB.
    if (error instanceof RangeError)
      return refuse('image-too-large', { width: stream.width, height: stream.height, limit: 100 }, error.message);
    throw error;
  }
}

function decode(
  { memory, call }: Instance,
  decoder: Decoder,
  { bytes, width, height, components, precision, signed }: Codestream,
): Uint8Array {
  const context = call('CreateCodecsContext');
  const parameters = call('CreateDecoderParameters');
  call('SetConvertColorspaceToRgb', parameters, 0);
  call('SetColumns', context, width);
  call('SetRows', context, height);
  call('SetBitsAllocated', context, precision > 8 ? 16 : 8);
  call('SetBitsStored', context, precision);
  call('SetSamplesPerPixel', context, components);
  call('SetPixelRepresentation', context, signed ? 1 : 0);
  call('SetPlanarConfiguration', context, 0);
  call('SetEncodedBufferSize', context, bytes.length);
  new Uint8Array(memory.buffer).set(bytes, call('GetEncodedBuffer', context) >>> 0);
  call(decoder, context, parameters);
  const from = call('GetDecodedBuffer', context) >>> 0;
  const length = call('GetDecodedBufferSize', context) >>> 0;
  const expected = width * height * components * (precision > 8 ? 2 : 1);
  if (length !== expected) throw new CodecError(`it gave ${String(length)} bytes instead of ${String(expected)}`);
  const samples = new Uint8Array(memory.buffer).slice(from, from + length);
  call('ReleaseDecoderParameters', parameters);
  call('ReleaseCodecsContext', context);
  return samples;
}

class CodecError extends Error {}

async function start(module: WasmModule): Promise<Instance> {
  const messages: string[] = [];
  let memory: WasmMemory | null = null;
  const text = (at: number, length: number) => Buffer.from(memory?.buffer ?? new ArrayBuffer(0), at >>> 0, length).toString('latin1');
  const zero = () => 0;
  const imports = {
    env: {
      emscripten_notify_memory_growth: () => undefined,
      // One message a restart marker, table and tile: only those that count are kept.
      onCodecsInfo: (at: number, length: number) => {
        const message = text(at, length);
        if (messages.length < 50 && incomplete.test(message)) messages.push(message);
      },
      onCodecsTrace: () => undefined,
      onCodecsException: (at: number, length: number) => {
        throw new CodecError(text(at, length));
      },
    },
    // No files, no clock, no environment: the module reads and writes its memory and nothing else.
    wasi_snapshot_preview1: {
      proc_exit: (code: number) => {
        throw new CodecError(`the decoder ended with ${String(code)}`);
      },
      clock_time_get: zero,
      fd_close: zero,
      fd_seek: zero,
      // What it prints is dropped, but must count as written: libc would try again for ever.
      fd_write: (_file: number, parts: number, count: number, written: number) => {
        if (!memory) return 0;
        const view = new DataView(memory.buffer);
        let length = 0;
        for (let i = 0; i < count; i++) length += view.getUint32(parts + 8 * i + 4, true);
        view.setUint32(written, length, true);
        return 0;
      },
      environ_get: zero,
      environ_sizes_get: (count: number, size: number) => {
        if (memory) new DataView(memory.buffer).setUint32(count, 0, true);
        if (memory) new DataView(memory.buffer).setUint32(size, 0, true);
        return 0;
      },
    },
  };
  const { exports } = await WebAssembly.instantiate(module, imports);
  memory = exports['memory'] as WasmMemory;
  const call = (name: string, ...values: number[]) => (exports[name] as Call)(...values);
  call('_initialize');
  return { memory, call, messages };
}

/** Beside the built scripts, where the build puts it; in a checkout in its package. */
function moduleFile(): string {
  const built = ['.', '..'].map((up) => join(import.meta.dirname, up, 'dicom-codecs.wasm')).find((file) => existsSync(file));
  return built ?? createRequire(import.meta.url).resolve('dcmjs-codecs/build/dcmjs-native-codecs.wasm');
}
