/**
 * Order of paths by their UTF-8 bytes, which is the order by code points; JavaScript's own compares UTF-16 units and
 * differs above U+D7FF. The canonical order of a pool is path, then frame, the same in the app and on the command line.
 */
export function comparePaths(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    // Surrogates stand for code points above everything else in the basic plane.
    if (x !== y) return isSurrogate(x) === isSurrogate(y) ? x - y : isSurrogate(x) ? 1 : -1;
  }
  return a.length - b.length;
}

const isSurrogate = (unit: number) => unit >= 0xd800 && unit <= 0xdfff;

export const compareImages = (a: { path: string; frame: number | null }, b: { path: string; frame: number | null }): number =>
  comparePaths(a.path, b.path) || (a.frame ?? -1) - (b.frame ?? -1);
