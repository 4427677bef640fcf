/** What the encoder card of the built-in scattering says of its embedding: it belongs to the encoder's id. */
export const SCATTERING_POOLING = 'scattering of second order, 241 maps of 4 x 4 cells, signed log, float16';

/** Sizes at which the wavelets are applied, the finest first. */
export const SCATTERING_LEVELS = [0, 1, 2, 3] as const;
/** Wavelets of orientation pi l / 6. */
export const SCATTERING_ORIENTATIONS = 6;
/** Cells of a map along each side. */
export const SCATTERING_CELLS = 4;

/** One of the maps, which follow one another in an embedding. */
export interface ScatteringMap {
  /** Wavelets on the way to it: 0, 1 or 2. */
  readonly order: 0 | 1 | 2;
  /** The map that the mirrored image has in its place: orientation l becomes -l. */
  readonly mirror: number;
}

/** The maps in the order of the embedding: the image, then at each level the first order and below it the second. */
export function scatteringMaps(): ScatteringMap[] {
  const turns = Array.from({ length: SCATTERING_ORIENTATIONS }, (_, l) => (SCATTERING_ORIENTATIONS - l) % SCATTERING_ORIENTATIONS);
  const maps: ScatteringMap[] = [{ order: 0, mirror: 0 }];
  for (const first of SCATTERING_LEVELS) {
    const single = maps.length;
    for (const turn of turns) maps.push({ order: 1, mirror: single + turn });
    for (let second = first + 1; second < SCATTERING_LEVELS.length; second++) {
      const double = maps.length;
      for (const one of turns) for (const two of turns) maps.push({ order: 2, mirror: double + one * SCATTERING_ORIENTATIONS + two });
    }
  }
  return maps;
}
