/** A seeded generator. Streams derived under different names are independent, so that adding a consumer changes no other. */
export interface Random {
  /** Uniform in [0, 1). */
  readonly uniform: () => number;
  /** Uniform in 0..n-1. */
  readonly integer: (n: number) => number;
  /** Standard normal (Box and Muller). */
  readonly normal: () => number;
  /** Shuffles in place (Fisher and Yates) and returns its argument. */
  readonly shuffle: <T extends { length: number; [index: number]: number }>(items: T) => T;
}

/** FNV-1a over the UTF-16 code units. */
function hash(text: string): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  return h >>> 0;
}

/** sfc32 (Doty-Humphrey, PractRand), seeded by number and stream name. */
export function random(seed: number, stream: string): Random {
  let a = seed | 0;
  let b = Math.floor(seed / 4294967296) | 0;
  let c = hash(stream);
  let d = 1;
  const next = () => {
    const t = (((a + b) | 0) + d) | 0;
    d = (d + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + t) | 0;
    return t >>> 0;
  };
  for (let i = 0; i < 15; i++) next();
  const uniform = () => (next() * 2 ** 21 + (next() >>> 11)) / 2 ** 53;
  const integer = (n: number) => Math.floor(uniform() * n);
  return {
    uniform,
    integer,
    normal: () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform()),
    shuffle: (items) => {
      for (let i = items.length - 1; i > 0; i--) {
        const j = integer(i + 1);
        const held = items[i];
        items[i] = items[j];
        items[j] = held;
      }
      return items;
    },
  };
}
