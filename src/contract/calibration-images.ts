/** So many images do for the scales of int8: half of them set them, half measure the error. */
export const CALIBRATION_IMAGES = 128;

/** At most `count` of them, spread evenly. */
export const spread = <T>(items: readonly T[], count: number): T[] =>
  items.filter((_, i) => Math.floor((i * count) / items.length) !== Math.floor(((i - 1) * count) / items.length) || items.length <= count);
