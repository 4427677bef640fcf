import { SCATTERING_ORIENTATIONS as ORIENTATIONS } from '../../contract/scattering';

/**
 * The constants of the built-in encoder: Morlet kernels and the matrices that halve and pool, in float64.
 * Bruna and Mallat, "Invariant scattering convolution networks", PAMI 2013; the exact choices are in README.md.
 */
export const SIZE = 128;
export const KERNEL = 7;
export const CELLS = 8;

/**
 * Math.sin, cos and exp differ in their last bits from engine to engine (up to 1e-16 here). Rounded to multiples of 2^-36, of which no constant lies
 * within 1e-14 of a midpoint, they are the same bits everywhere. It changes a constant by 7e-12 at most: of the float16 values that are
 * kept, one in 30,000 by one step.
 */
const STEPS = 2 ** 36;
/** Adding 0 makes a 0 of -0: about zero, engines do not agree on the sign. */
const fixed = (value: number): number => Math.round(value * STEPS) / STEPS + 0;

const SIGMA = 0.8;
const XI = (3 * Math.PI) / 4;
const SLANT = 4 / ORIENTATIONS;

/** Angular frequencies of an n-point DFT, as 2 pi fftfreq(n). */
const frequencies = (n: number): number[] => Array.from({ length: n }, (_, k) => (2 * Math.PI * (k < n / 2 ? k : k - n)) / n);

/** Morlet wavelet of orientation `theta` in frequency; its second term takes the mean away. */
function morlet(theta: number, wx: number, wy: number): number {
  const u = wx * Math.cos(theta) + wy * Math.sin(theta);
  const v = -wx * Math.sin(theta) + wy * Math.cos(theta);
  const gauss = (a: number) => Math.exp(-((u - a) ** 2 * SIGMA ** 2 + v ** 2 * (SIGMA / SLANT) ** 2) / 2);
  return gauss(XI) - Math.exp((-(XI ** 2) * SIGMA ** 2) / 2) * gauss(0);
}

/** [12, 1, 7, 7]: six real parts, then six imaginary ones; each complex kernel has mean 0. */
export function kernelBank(): Float32Array {
  const area = KERNEL * KERNEL;
  const bank = new Float32Array(2 * ORIENTATIONS * area);
  for (let l = 0; l < ORIENTATIONS; l++) {
    const { real, imaginary } = kernel((Math.PI * l) / ORIENTATIONS);
    bank.set(real, l * area);
    bank.set(imaginary, (ORIENTATIONS + l) * area);
  }
  return bank;
}

/** The central 7 x 7 of the inverse DFT on the 128 grid, one axis after the other. */
function kernel(theta: number): { real: Float64Array; imaginary: Float64Array } {
  const w = frequencies(SIZE);
  const offsets = Array.from({ length: KERNEL }, (_, i) => i - (KERNEL - 1) / 2);
  const cos = offsets.map((x) => w.map((f) => Math.cos(f * x)));
  const sin = offsets.map((x) => w.map((f) => Math.sin(f * x)));
  const real = new Float64Array(KERNEL * KERNEL);
  const imaginary = new Float64Array(KERNEL * KERNEL);
  w.forEach((wy, row) => {
    const values = w.map((wx) => morlet(theta, wx, wy));
    offsets.forEach((_, x) => {
      let re = 0;
      let im = 0;
      values.forEach((value, column) => {
        re += value * (cos[x]?.[column] ?? 0);
        im += value * (sin[x]?.[column] ?? 0);
      });
      offsets.forEach((_, y) => {
        const c = cos[y]?.[row] ?? 0;
        const s = sin[y]?.[row] ?? 0;
        const at = y * KERNEL + x;
        real[at] = (real[at] ?? 0) + re * c - im * s;
        imaginary[at] = (imaginary[at] ?? 0) + re * s + im * c;
      });
    });
  });
  return { real: centred(real), imaginary: centred(imaginary) };
}

function centred(values: Float64Array): Float64Array {
  const scaled = values.map((value) => value / SIZE ** 2);
  const mean = scaled.reduce((sum, value) => sum + value, 0) / scaled.length;
  return scaled.map((value) => fixed(value - mean));
}

/** Rows of a circulant filter with an even frequency response, sampled at `positions` (which may lie between pixels): [positions, n]. */
function sampledFilter(n: number, positions: readonly number[], response: (w: number) => number): Float32Array {
  const terms = frequencies(n).map((w) => ({ w, gain: response(w) / n }));
  const matrix = new Float32Array(positions.length * n);
  positions.forEach((position, row) => {
    for (let column = 0; column < n; column++) {
      matrix[row * n + column] = fixed(terms.reduce((sum, { w, gain }) => sum + gain * Math.cos(w * (position - column)), 0));
    }
  });
  return matrix;
}

/** D [n/2, n]: low-pass (1 under 0.3 pi, 0 over 0.6 pi, raised cosine between), then every second sample. */
export function halvingMatrix(n: number): Float32Array {
  const low = 0.3 * Math.PI;
  const high = 0.6 * Math.PI;
  const response = (w: number) => {
    const a = Math.abs(w);
    return a <= low ? 1 : a >= high ? 0 : (1 + Math.cos((Math.PI * (a - low)) / (high - low))) / 2;
  };
  return sampledFilter(
    n,
    Array.from({ length: n / 2 }, (_, i) => 2 * i),
    response,
  );
}

/** P [8, n]: a Gaussian of 12.8 pixels of the full image, sampled at the centres of 8 equal cells. */
export function poolingMatrix(n: number): Float32Array {
  const sigma = (SIGMA * 16 * n) / SIZE;
  const cell = n / CELLS;
  return sampledFilter(
    n,
    Array.from({ length: CELLS }, (_, i) => (i + 0.5) * cell - 0.5),
    (w) => Math.exp((-(w ** 2) * sigma ** 2) / 2),
  );
}
