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

/** Taps are added up in groups, so that their weights stay in registers along a column: twice as fast as one after the other. */
const GROUP = 8;
/** Rows that a column is followed along before the next one: they stay in the cache. */
const BAND = 64;

interface Weights {
  /** Taps of every output position, a multiple of GROUP; superfluous ones have weight 0. */
  readonly taps: number;
  /** First input position; moved to the left where the taps would reach beyond the end. */
  readonly first: Int32Array;
  /** [positions, taps] */
  readonly values: Int32Array;
}

/** Weights of the output positions from..to-1 of a side resized from `input` to `output` samples. */
function weights(input: number, output: number, from: number, to: number): Weights {
  const scale = input / output;
  const filterScale = Math.max(scale, 1);
  const support = SUPPORT * filterScale;
  const inverse = 1 / filterScale;
  const n = to - from;
  const reach = (i: number): [low: number, high: number] => {
    const center = (i + from + 0.5) * scale;
    return [Math.max(Math.trunc(center - support + 0.5), 0), Math.min(Math.trunc(center + support + 0.5), input)];
  };
  let most = 0;
  for (let i = 0; i < n; i++) {
    const [low, high] = reach(i);
    most = Math.max(most, high - low);
  }
  const taps = Math.ceil(most / GROUP) * GROUP;
  const first = new Int32Array(n);
  const values = new Int32Array(n * taps);
  const raw = new Float64Array(taps);
  for (let i = 0; i < n; i++) {
    const center = (i + from + 0.5) * scale;
    const [low, high] = reach(i);
    let sum = 0;
    for (let x = low; x < high; x++) {
      const w = cubic((x - center + 0.5) * inverse);
      raw[x - low] = w;
      sum += w;
    }
    const start = Math.max(Math.min(low, input - taps), 0);
    first[i] = start;
    for (let x = low; x < high; x++) {
      const w = sum === 0 ? (raw[x - low] ?? 0) : (raw[x - low] ?? 0) / sum;
      values[i * taps + x - start] = Math.trunc((w < 0 ? -0.5 : 0.5) + w * (1 << PRECISION));
    }
  }
  return { taps, first, values };
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
  const bottom = skipRows ? region.y + region.height : (rows.first[region.height - 1] ?? 0) + rows.taps;
  const across =
    picture.width === width
      ? cutColumns(picture, region.x, region.width, top, bottom)
      : horizontal(picture, columns, region.width, top, bottom);
  const data = skipRows ? across : vertical(across, rows, region.width * picture.channels, region.height, top);
  return { width: region.width, height: region.height, channels: picture.channels, data };
}

/** Rows from `top` to `bottom`, which may lie below the picture: those rows are 0. */
function cutColumns(picture: Picture, x: number, width: number, top: number, bottom: number): Uint8Array {
  const { channels, data, height } = picture;
  const row = picture.width * channels;
  if (x === 0 && width === picture.width && bottom <= height) return data.subarray(top * row, bottom * row);
  const out = new Uint8Array((bottom - top) * width * channels);
  for (let y = top; y < Math.min(bottom, height); y++) {
    const start = y * row + x * channels;
    out.set(data.subarray(start, start + width * channels), (y - top) * width * channels);
  }
  return out;
}

// The sums stay below 2^31: the weights of one position add up to 2^22, their magnitudes to at most 1.25 times that, times 255.
function horizontal(picture: Picture, weights: Weights, width: number, top: number, bottom: number): Uint8Array {
  const { channels, height } = picture;
  const { taps, first, values } = weights;
  const stride = picture.width * channels;
  const data = picture.width < taps ? withRoom(picture.data, taps * channels) : picture.data;
  const out = new Uint8ClampedArray((bottom - top) * width * channels);
  const outStride = width * channels;
  const end = Math.min(bottom, height);
  const sums = new Int32Array(BAND);
  for (let from = top; from < end; from += BAND) {
    const rows = Math.min(BAND, end - from);
    for (let column = 0; column < outStride; column++) {
      const i = channels === 1 ? column : Math.trunc(column / channels);
      sums.fill(HALF);
      for (let t = 0; t < taps; t += GROUP) {
        const start = from * stride + ((first[i] as number) + t) * channels + (column - i * channels);
        addGroup(sums, rows, data, start, stride, channels, values, i * taps + t);
      }
      for (let y = 0, o = (from - top) * outStride + column; y < rows; y++, o += outStride) out[o] = (sums[y] as number) >> PRECISION;
    }
  }
  return new Uint8Array(out.buffer);
}

/** `data` holds whole rows from `top` on. */
function vertical(data: Uint8Array, weights: Weights, stride: number, height: number, top: number): Uint8Array {
  const { taps, first, values } = weights;
  const out = new Uint8ClampedArray(height * stride);
  const sums = new Int32Array(stride);
  for (let y = 0; y < height; y++) {
    sums.fill(HALF);
    for (let t = 0; t < taps; t += GROUP) {
      addGroup(sums, stride, data, ((first[y] as number) + t - top) * stride, 1, stride, values, y * taps + t);
    }
    const o = y * stride;
    for (let x = 0; x < stride; x++) out[o + x] = (sums[x] as number) >> PRECISION;
  }
  return new Uint8Array(out.buffer);
}

/**
 * sums[n] += the GROUP taps from data[start + n * step] on, which lie `apart` samples from each other, times the weights from values[k] on.
 */
function addGroup(
  sums: Int32Array,
  count: number,
  data: Uint8Array,
  start: number,
  step: number,
  apart: number,
  values: Int32Array,
  k: number,
): void {
  const [w0, w1, w2, w3] = [values[k] as number, values[k + 1] as number, values[k + 2] as number, values[k + 3] as number];
  const [w4, w5, w6, w7] = [values[k + 4] as number, values[k + 5] as number, values[k + 6] as number, values[k + 7] as number];
  for (let n = 0, p = start; n < count; n++, p += step) {
    sums[n] =
      (sums[n] as number) +
      Math.imul(data[p] as number, w0) +
      Math.imul(data[p + apart] as number, w1) +
      Math.imul(data[p + 2 * apart] as number, w2) +
      Math.imul(data[p + 3 * apart] as number, w3) +
      Math.imul(data[p + 4 * apart] as number, w4) +
      Math.imul(data[p + 5 * apart] as number, w5) +
      Math.imul(data[p + 6 * apart] as number, w6) +
      Math.imul(data[p + 7 * apart] as number, w7);
  }
}

/** The same samples with `more` zeros behind them, which taps of weight 0 may reach. */
function withRoom(data: Uint8Array, more: number): Uint8Array {
  const out = new Uint8Array(data.length + more);
  out.set(data);
  return out;
}
