import type { Picture } from '../formats/raster';

/**
 * Pillow's antialiased bicubic (src/libImaging/Resample.c, 8 bits per channel), bit for bit: horizontal pass, then vertical,
 * uint8 between them, weights rounded to 22 fractional bits. A pass whose side does not change is skipped.
 */

const PRECISION = 22;
const HALF = 1 << (PRECISION - 1);
const SUPPORT = 2;
const A = -0.5;

function cubic(distance: number): number {
  const x = Math.abs(distance);
  if (x < 1) return ((A + 2) * x - (A + 3)) * x * x + 1;
  if (x < 2) return (((x - 5) * x + 8) * x - 4) * A;
  return 0;
}

interface Weights {
  /** Most taps of any output position. */
  readonly taps: number;
  readonly first: Int32Array;
  readonly count: Int32Array;
  /** [positions, taps] */
  readonly values: Int32Array;
}

/** Weights of the output positions from..to-1 of a side resized from `input` to `output` samples. */
function weights(input: number, output: number, from: number, to: number): Weights {
  const scale = input / output;
  const filterScale = Math.max(scale, 1);
  const support = SUPPORT * filterScale;
  const inverse = 1 / filterScale;
  const taps = Math.ceil(support) * 2 + 1;
  const n = to - from;
  const first = new Int32Array(n);
  const count = new Int32Array(n);
  const values = new Int32Array(n * taps);
  const raw = new Float64Array(taps);
  for (let i = 0; i < n; i++) {
    const center = (i + from + 0.5) * scale;
    const low = Math.max(Math.trunc(center - support + 0.5), 0);
    const high = Math.min(Math.trunc(center + support + 0.5), input);
    let sum = 0;
    for (let x = low; x < high; x++) {
      const w = cubic((x - center + 0.5) * inverse);
      raw[x - low] = w;
      sum += w;
    }
    first[i] = low;
    count[i] = high - low;
    for (let x = 0; x < high - low; x++) {
      const w = sum === 0 ? (raw[x] ?? 0) : (raw[x] ?? 0) / sum;
      values[i * taps + x] = Math.trunc((w < 0 ? -0.5 : 0.5) + w * (1 << PRECISION));
    }
  }
  return { taps, first, count, values };
}

export interface Region {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** The part `region` of `picture` resized to width x height. Only what the region needs is computed. */
export function resample(picture: Picture, width: number, height: number, region: Region = { x: 0, y: 0, width, height }): Picture {
  const columns = weights(picture.width, width, region.x, region.x + region.width);
  const rows = weights(picture.height, height, region.y, region.y + region.height);
  const skipRows = picture.height === height;
  const top = skipRows ? region.y : (rows.first[0] ?? 0);
  const last = region.height - 1;
  const bottom = skipRows ? region.y + region.height : (rows.first[last] ?? 0) + (rows.count[last] ?? 0);
  const across =
    picture.width === width
      ? cutColumns(picture, region.x, region.width, top, bottom)
      : horizontal(picture, columns, region.width, top, bottom);
  const data = skipRows ? across : vertical(across, rows, region.width * picture.channels, region.height, top);
  return { width: region.width, height: region.height, channels: picture.channels, data };
}

function cutColumns(picture: Picture, x: number, width: number, top: number, bottom: number): Uint8Array {
  const { channels, data } = picture;
  const row = picture.width * channels;
  if (x === 0 && width === picture.width) return data.subarray(top * row, bottom * row);
  const out = new Uint8Array((bottom - top) * width * channels);
  for (let y = top; y < bottom; y++) {
    const start = y * row + x * channels;
    out.set(data.subarray(start, start + width * channels), (y - top) * width * channels);
  }
  return out;
}

// The sums stay below 2^31: the weights of one position add up to 2^22, their magnitudes to at most 1.25 times that, times 255.
function horizontal(picture: Picture, weights: Weights, width: number, top: number, bottom: number): Uint8Array {
  const { channels, data } = picture;
  const { taps, first, count, values } = weights;
  const out = new Uint8ClampedArray((bottom - top) * width * channels);
  const stride = picture.width * channels;
  let o = 0;
  for (let y = top; y < bottom; y++) {
    const row = y * stride;
    for (let i = 0; i < width; i++) {
      const k = i * taps;
      const n = count[i] as number;
      let p = row + (first[i] as number) * channels;
      if (channels === 1) {
        let sum = HALF;
        for (let t = k; t < k + n; t++) sum = (sum + Math.imul(data[p++] as number, values[t] as number)) | 0;
        out[o++] = sum >> PRECISION;
      } else {
        let r = HALF;
        let g = HALF;
        let b = HALF;
        for (let t = k; t < k + n; t++, p += 3) {
          const w = values[t] as number;
          r = (r + Math.imul(data[p] as number, w)) | 0;
          g = (g + Math.imul(data[p + 1] as number, w)) | 0;
          b = (b + Math.imul(data[p + 2] as number, w)) | 0;
        }
        out[o++] = r >> PRECISION;
        out[o++] = g >> PRECISION;
        out[o++] = b >> PRECISION;
      }
    }
  }
  return new Uint8Array(out.buffer);
}

/** `data` holds whole rows from `top` on; each output row is accumulated row by row, which keeps the reads in order. */
function vertical(data: Uint8Array, weights: Weights, stride: number, height: number, top: number): Uint8Array {
  const { taps, first, count, values } = weights;
  const out = new Uint8ClampedArray(height * stride);
  const sums = new Int32Array(stride);
  for (let y = 0; y < height; y++) {
    sums.fill(HALF);
    let p = ((first[y] as number) - top) * stride;
    for (let t = 0; t < (count[y] as number); t++) {
      const w = values[y * taps + t] as number;
      for (let x = 0; x < stride; x++) sums[x] = (sums[x] as number) + Math.imul(data[p++] as number, w);
    }
    const o = y * stride;
    for (let x = 0; x < stride; x++) out[o + x] = (sums[x] as number) >> PRECISION;
  }
  return new Uint8Array(out.buffer);
}
