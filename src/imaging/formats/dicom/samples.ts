import type { PixelModule } from './module';

/**
 * Stored values of a grey frame as unsigned samples: sample = stored - offset. The offset is that of the smallest value a
 * signed sample can have, so that windows can be moved along with it.
 */
export function greySamples(bytes: Uint8Array, module: PixelModule): { data: Uint8Array | Uint16Array; offset: number } {
  const { allocated, stored, highBit, signed } = module;
  const mask = 2 ** stored - 1;
  const shift = highBit + 1 - stored;
  const sign = signed ? 2 ** (stored - 1) : 0;
  const n = bytes.length / (allocated / 8);
  const data = stored <= 8 ? new Uint8Array(n) : new Uint16Array(n);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let i = 0; i < n; i++) {
    const raw = allocated === 8 ? (bytes[i] as number) : view.getUint16(2 * i, true);
    // Bits above and below hold overlays (PS3.5 8.1.1). Flipping the sign bit adds 2^(stored-1) to a two's complement number.
    data[i] = ((raw >>> shift) & mask) ^ sign;
  }
  return { data, offset: -sign };
}

/** RGB, interleaved, of a colour frame. PS3.3 C.7.6.3.1.2 for the YBR forms. */
export function colourSamples(bytes: Uint8Array, { photometric, planar, width, height }: PixelModule, isRgb: boolean): Uint8Array {
  const pixels = width * height;
  const out = new Uint8Array(pixels * 3);
  const convert = !isRgb && photometric !== 'RGB';
  const halved = !isRgb && photometric === 'YBR_FULL_422';
  for (let i = 0; i < pixels; i++) {
    const pair = (i >> 1) * 4;
    const a = (halved ? bytes[pair + (i & 1)] : planar && !isRgb ? bytes[i] : bytes[3 * i]) as number;
    const b = (halved ? bytes[pair + 2] : planar && !isRgb ? bytes[i + pixels] : bytes[3 * i + 1]) as number;
    const c = (halved ? bytes[pair + 3] : planar && !isRgb ? bytes[i + 2 * pixels] : bytes[3 * i + 2]) as number;
    out[3 * i] = convert ? clip(a + 1.402 * (c - 128)) : a;
    out[3 * i + 1] = convert ? clip(a - 0.344136 * (b - 128) - 0.714136 * (c - 128)) : b;
    out[3 * i + 2] = convert ? clip(a + 1.772 * (b - 128)) : c;
  }
  return out;
}

const clip = (value: number) => Math.min(255, Math.max(0, Math.round(value)));
