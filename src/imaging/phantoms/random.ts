/** Seeded numbers for the phantoms: the same seed draws the same thorax on every machine. */
export interface Random {
  /** Uniform in [low, high). */
  between(low: number, high: number): number;
  /** Normal distribution. */
  normal(mean: number, deviation: number): number;
  chance(probability: number): boolean;
  /** 32 random bits as a signed integer. */
  bits(): number;
}

/** mulberry32 (Tommy Ettinger, public domain); the stream depends on all the numbers given. */
export function random(...seed: number[]): Random {
  let state = 0x9e3779b9;
  for (const part of seed) state = scramble(state ^ Math.imul(part | 0, 0x85ebca6b));
  const bits = () => {
    state = (state + 0x6d2b79f5) | 0;
    return scramble(state);
  };
  const uniform = () => (bits() >>> 0) / 2 ** 32;
  return {
    bits,
    between: (low, high) => low + (high - low) * uniform(),
    normal: (mean, deviation) => mean + deviation * Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform()),
    chance: (probability) => uniform() < probability,
  };
}

function scramble(value: number): number {
  let t = Math.imul(value ^ (value >>> 15), value | 1);
  t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
  return t ^ (t >>> 14);
}
