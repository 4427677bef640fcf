import type { Frame } from './frame';
import type { PixelModule } from './module';

/** RGB, interleaved. A stream that says what its colours are is believed; else the data set. */
export function rgbSamples({ words, layout, colour }: Frame, { photometric, width, height }: PixelModule): Uint8Array {
  const pixels = width * height;
  const out = new Uint8Array(pixels * 3);
  const stated = photometric === 'RGB' || photometric === 'YBR_ICT' || photometric === 'YBR_RCT' ? 'rgb' : 'ybr';
  const convert = (colour ?? stated) === 'ybr';
  const toRgb = photometric === 'YBR_PARTIAL_422' || photometric === 'YBR_PARTIAL_420' ? fromPartial : fromFull;
  for (let i = 0; i < pixels; i++) {
    const [a, b, c] = indices(layout, i, pixels);
    const x = words[a] as number;
    const y = words[b] as number;
    const z = words[c] as number;
    if (convert) toRgb(x, y, z, out, 3 * i);
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

/** PS3.3 C.7.6.3.1.2, YBR_FULL: the inverse of ITU-R BT.601 at full range. */
function fromFull(y: number, b: number, r: number, out: Uint8Array, at: number): void {
  out[at] = clip(y + 1.402 * (r - 128));
  out[at + 1] = clip(y - 0.344136 * (b - 128) - 0.714136 * (r - 128));
  out[at + 2] = clip(y + 1.772 * (b - 128));
}

/** PS3.3 C.7.6.3.1.2, YBR_PARTIAL: black is 16, white 235, differences reach 112 from 128. */
function fromPartial(y: number, b: number, r: number, out: Uint8Array, at: number): void {
  const light = 1.164384 * (y - 16);
  out[at] = clip(light + 1.596027 * (r - 128));
  out[at + 1] = clip(light - 0.391762 * (b - 128) - 0.812968 * (r - 128));
  out[at + 2] = clip(light + 2.017232 * (b - 128));
}

const clip = (value: number) => Math.min(255, Math.max(0, Math.round(value)));
