import type { Window } from '../formats/raster';
import { windowTable } from './linear';

/** A view is nearly flat when so large a share of the pixels has one of two greys. */
const FLAT = 0.98;

/**
 * Whether the window takes nearly all of the image away: nearly flat what it shows, and not the samples. Such windows lie outside of the
 * image, or are for stored values beside a rescale; all images that they black out would look alike, and have the same embedding.
 */
export function isEmptied(counts: Uint32Array, window: Window): boolean {
  const table = windowTable(window, counts.length - 1);
  const greys = new Uint32Array(256);
  for (let sample = 0; sample < counts.length; sample++) {
    const grey = table[sample] as number;
    greys[grey] = (greys[grey] as number) + (counts[sample] as number);
  }
  return isFlat(greys) && !isFlat(counts);
}

function isFlat(counts: Uint32Array): boolean {
  let total = 0;
  let first = 0;
  let second = 0;
  for (const count of counts) {
    total += count;
    if (count > first) [first, second] = [count, first];
    else if (count > second) second = count;
  }
  return first + second > FLAT * total;
}
