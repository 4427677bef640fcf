import type { Window } from '../formats/raster';

/**
 * The linear window of DICOM PS3.3 C.11.2.1.2 to 0..255, rounded by floor(x + 0.5), as a table over the samples 0..maximum.
 * width >= 1; a width of 1 is a threshold. A window with a table of its own is that table.
 */
export function windowTable({ center, width, table: own }: Pick<Window, 'center' | 'width' | 'table'>, maximum: number): Uint8Array {
  if (own) return own.slice();
  const table = new Uint8Array(maximum + 1);
  const span = Math.max(width, 1) - 1;
  const low = center - 0.5 - span / 2;
  const high = center - 0.5 + span / 2;
  for (let x = 0; x <= maximum; x++) {
    if (x <= low) table[x] = 0;
    else if (x > high) table[x] = 255;
    else table[x] = Math.floor(((x - (center - 0.5)) / span + 0.5) * 255 + 0.5);
  }
  return table;
}

/** The window that maps `low` to 0 and `high` to 255. */
export function windowBetween(name: string, low: number, high: number): Window {
  // C.11.2.1.2: the edges are c - 0.5 -+ (w - 1) / 2.
  const span = Math.max(high - low, 0);
  return { name, center: low + span / 2 + 0.5, width: span + 1 };
}
