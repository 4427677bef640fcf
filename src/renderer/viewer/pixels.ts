import { z } from 'zod';
import { WindowKind } from '../../contract/jobs/imaging';
import { fail, Failure, ok, type Result } from '../../contract/result';
import { defaultWindow, type NamedWindow, type Rescale } from './window';

/** A decoded image at full bit depth: grey samples, or RGB interleaved. */
export interface DecodedImage {
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 3;
  readonly samples: Uint8Array | Uint16Array;
  /** Bits per sample in the file. */
  readonly stored: number;
  /** Of large images: means of 2 x 2 samples, from which a view much smaller than the image is drawn four times as fast. */
  readonly half: Uint8Array | Uint16Array | null;
  /** The first is shown at the start. */
  readonly windows: readonly NamedWindow[];
  readonly rescale: Rescale;
  readonly inverted: boolean;
}

const Header = z.object({
  width: z.int().positive(),
  height: z.int().positive(),
  channels: z.union([z.literal(1), z.literal(3)]),
  bits: z.union([z.literal(8), z.literal(16)]),
  stored: z.int().positive().optional(),
  windows: z.array(
    z.object({
      kind: WindowKind,
      name: z.string(),
      center: z.number(),
      width: z.number(),
      table: z.union([z.literal(256), z.literal(65_536)]).optional(),
    }),
  ),
  rescale: z.object({ slope: z.number(), intercept: z.number() }).optional(),
  inverted: z.boolean(),
});

export const PIXELS_HEADER = 'x-collimate-pixels';

/** Fetches and checks the pixels of an image. `name` is for the sentence. Null when it was aborted. */
export async function fetchPixels(url: string, name: string, signal: AbortSignal): Promise<Result<DecodedImage> | null> {
  try {
    const response = await fetch(url, { signal });
    if (!response.ok) return await failureOf(response, name);
    return decode(response.headers.get(PIXELS_HEADER) ?? '', await response.arrayBuffer(), name);
  } catch (error) {
    if (signal.aborted) return null;
    return fail('file-unreadable', { file: name, reason: 'it could not be fetched' }, String(error));
  }
}

/** Header, raw samples (little endian) and the windows' tables after them to an image. Fails where they do not fit together. */
export function decode(header: string, body: ArrayBuffer, name: string): Result<DecodedImage> {
  const wrong = (reason: string, detail?: string) => fail('image-corrupt', { file: name, reason }, detail);
  let raw: unknown;
  try {
    raw = JSON.parse(header);
  } catch {
    return wrong('its description is missing', header.slice(0, 200));
  }
  const parsed = Header.safeParse(raw);
  if (!parsed.success) return wrong('its description cannot be read', parsed.error.message);
  const { width, height, channels, bits, stored = bits, windows, rescale = { slope: 1, intercept: 0 }, inverted } = parsed.data;
  const values = width * height * channels;
  const tables = values * (bits / 8);
  const expected = windows.reduce((sum, { table = 0 }) => sum + table, tables);
  if (body.byteLength !== expected) return wrong(`it has ${String(body.byteLength)} bytes of pixels instead of ${String(expected)}`);
  const samples = bits === 8 ? new Uint8Array(body, 0, values) : new Uint16Array(body, 0, values);
  let from = tables;
  const usable = windows.flatMap(({ table, ...window }): NamedWindow[] => {
    if (table === undefined) return window.width >= 1 ? [window] : [];
    from += table;
    return [{ ...window, table: new Uint8Array(body, from - table, table) }];
  });
  return ok({
    width,
    height,
    channels,
    samples,
    stored,
    half: width * height >= LARGE ? halved(samples, width, channels) : null,
    windows: usable.length > 0 ? usable : [{ kind: 'full', name: 'full range', ...defaultWindow(samples) }],
    rescale,
    inverted,
  });
}

/** Pixels from which on the smaller copy pays. */
const LARGE = 1_500_000;

/** Means of 2 x 2 samples of each channel, rounded; an odd last row or column is left out. */
export function halved<T extends Uint8Array | Uint16Array>(samples: T, width: number, channels: 1 | 3): T {
  const across = width >> 1;
  const down = (samples.length / width / channels) >> 1;
  const out = samples instanceof Uint8Array ? new Uint8Array(across * down * channels) : new Uint16Array(across * down * channels);
  const row = width * channels;
  let to = 0;
  for (let y = 0; y < down; y += 1) {
    for (let x = 0; x < across; x += 1) {
      for (let c = 0; c < channels; c += 1) {
        const at = 2 * y * row + 2 * x * channels + c;
        const sum =
          (samples[at] as number) +
          (samples[at + channels] as number) +
          (samples[at + row] as number) +
          (samples[at + row + channels] as number);
        out[to++] = (sum + 2) >> 2;
      }
    }
  }
  return out as T;
}

async function failureOf(response: Response, name: string): Promise<Result<DecodedImage>> {
  const parsed = Failure.safeParse(await response.json().catch(() => null));
  if (parsed.success) return { ok: false, failure: parsed.data };
  return fail('file-unreadable', { file: name, reason: `the answer was ${String(response.status)}` });
}
