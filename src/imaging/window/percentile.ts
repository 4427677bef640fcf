import type { Raster } from '../formats/raster';

/** Counts of the sample values, all channels together, without the padding value. */
export function histogram({ data, padding }: Pick<Raster, 'data' | 'padding'>): Uint32Array {
  const counts = new Uint32Array(data instanceof Uint8Array ? 256 : 65536);
  for (let i = 0; i < data.length; i++) counts[data[i] as number] = (counts[data[i] as number] as number) + 1;
  if (padding) counts.fill(0, Math.max(padding.low, 0), padding.high + 1);
  return counts;
}

/** The least value whose cumulative count reaches q times the number of samples; 0 where there are none. */
export function percentile(counts: Uint32Array, q: number): number {
  let total = 0;
  for (const count of counts) total += count;
  let reached = 0;
  for (let value = 0; value < counts.length; value++) {
    reached += counts[value] as number;
    if (reached > 0 && reached >= q * total) return value;
  }
  return 0;
}
