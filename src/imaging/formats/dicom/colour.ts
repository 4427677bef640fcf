import type { Frame } from './frame';
import type { PixelModule } from './module';

/** RGB, interleaved; 16 bits a sample where more than 8 are stored. A stream that says what its colours are is believed; else the data set. */
export function rgbSamples(
  { words, layout, colour, shift }: Frame,
  { photometric, width, height, stored }: PixelModule,
): Uint8Array | Uint16Array {
  const pixels = width * height;
  const out = stored > 8 ? new Uint16Array(pixels * 3) : new Uint8Array(pixels * 3);
  const top = 2 ** stored - 1;
  const inRgb = photometric === 'RGB' || photometric === 'YBR_ICT' || photometric === 'YBR_RCT' ? 'rgb' : 'ybr';
  const convert = (colour ?? inRgb) === 'ybr';
  const toRgb = photometric === 'YBR_PARTIAL_422' || photometric === 'YBR_PARTIAL_420' ? fromPartial : fromFull;
  const sample = (at: number) => ((words[at] as number) >>> shift) & top;
  for (let i = 0; i < pixels; i++) {
    const [a, b, c] = indices(layout, i, pixels);
    const x = sample(a);
    const y = sample(b);
    const z = sample(c);
    if (convert) toRgb(x, y, z, top, out, 3 * i);
    else {
      out[3 * i] = x;
      out[3 * i + 1] = y;
      out[3 * i + 2] = z;
    }
  }
  return out;
}

function indices(layout: Frame['layout'], i: number, pixels: number): [number, number, number] {
  if (layout === 'planar') return [i, i + pixels, i + 2 * pixels];
  if (layout === 'interleaved') return [3 * i, 3 * i + 1, 3 * i + 2];
  const pair = (i >> 1) * 4;
  return [pair + (i & 1), pair + 2, pair + 3];
}

/** PS3.3 C.7.6.3.1.2, YBR_FULL: the inverse of ITU-R BT.601 at full range. No difference is half of the range, 128 of 255. */
function fromFull(y: number, b: number, r: number, top: number, out: Uint8Array | Uint16Array, at: number): void {
  const none = (top + 1) / 2;
  out[at] = clip(y + 1.402 * (r - none), top);
  out[at + 1] = clip(y - 0.344136 * (b - none) - 0.714136 * (r - none), top);
  out[at + 2] = clip(y + 1.772 * (b - none), top);
}

/** PS3.3 C.7.6.3.1.2, YBR_PARTIAL, of 8 bits: black is 16, white 235, differences reach 112 from 128. */
function fromPartial(y: number, b: number, r: number, top: number, out: Uint8Array | Uint16Array, at: number): void {
  const light = 1.164384 * (y - 16);
  out[at] = clip(light + 1.596027 * (r - 128), top);
  out[at + 1] = clip(light - 0.391762 * (b - 128) - 0.812968 * (r - 128), top);
  out[at + 2] = clip(light + 2.017232 * (b - 128), top);
}

const clip = (value: number, top: number) => Math.min(top, Math.max(0, Math.round(value)));
