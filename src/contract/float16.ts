/** IEEE 754 binary16. Node 20 has no Float16Array. */

const bits = new Uint32Array(1);
const float = new Float32Array(bits.buffer);

/** Nearest half, ties to even; overflow gives infinity. */
export function halfOf(value: number): number {
  float[0] = value;
  const x = bits[0] ?? 0;
  const sign = (x >>> 16) & 0x8000;
  const exponent = (x >>> 23) & 0xff;
  const mantissa = x & 0x7fffff;
  if (exponent === 0xff) return sign | 0x7c00 | (mantissa === 0 ? 0 : 0x200);
  const e = exponent - 112;
  if (e >= 31) return sign | 0x7c00;
  if (e > 0) {
    const kept = (e << 10) | (mantissa >>> 13);
    const rest = mantissa & 0x1fff;
    // A carry out of the mantissa raises the exponent, which is the right neighbour, up to infinity.
    return sign | (kept + (rest > 0x1000 || (rest === 0x1000 && (kept & 1) === 1) ? 1 : 0));
  }
  if (e < -10) return sign;
  const full = mantissa | 0x800000;
  const shift = 14 - e;
  const kept = full >>> shift;
  const rest = full & ((1 << shift) - 1);
  const half = 1 << (shift - 1);
  return sign | (kept + (rest > half || (rest === half && (kept & 1) === 1) ? 1 : 0));
}

/** All 65,536 halves as float32: a lookup is the fastest decoder there is in JavaScript. */
const table = Float32Array.from({ length: 65_536 }, (_, half) => {
  const sign = half & 0x8000 ? -1 : 1;
  const exponent = (half >>> 10) & 0x1f;
  const mantissa = half & 0x3ff;
  if (exponent === 0) return sign * mantissa * 2 ** -24;
  if (exponent === 31) return mantissa === 0 ? sign * Infinity : NaN;
  return sign * (1 + mantissa / 1024) * 2 ** (exponent - 15);
});

export const fromHalf = (half: number): number => table[half] ?? NaN;

export function decodeHalves(halves: Uint16Array, into: Float32Array): void {
  for (let i = 0; i < halves.length; i++) into[i] = table[halves[i] ?? 0] ?? NaN;
}

export function encodeHalves(values: Float32Array, into: Uint16Array): void {
  for (let i = 0; i < values.length; i++) into[i] = halfOf(values[i] ?? NaN);
}

/** Nearest bfloat16 (the upper half of a float32), ties to even, as float32. */
export function roundBfloat16(value: number): number {
  float[0] = value;
  const x = bits[0] ?? 0;
  bits[0] = (x + 0x7fff + ((x >>> 16) & 1)) & 0xffff0000;
  return float[0] ?? NaN;
}
