/** A window in sample values. */
export interface GreyWindow {
  readonly center: number;
  readonly width: number;
}

/** DICOM PS3.3 C.11.2.1.2 (LINEAR): sample value to brightness, 0 to 1. Width is at least 1. */
export function brightness(value: number, { center, width }: GreyWindow): number {
  if (width <= 1) return value <= center - 0.5 ? 0 : 1;
  const y = (value - (center - 0.5)) / (width - 1) + 0.5;
  return Math.min(1, Math.max(0, y));
}

/** The window that maps `low` to black and `high` to white. */
export const windowOf = (low: number, high: number): GreyWindow => ({ center: (low + high + 1) / 2, width: Math.max(1, high - low + 1) });

/** Where a file names no window: 8 bits as they are, more bits from the smallest to the largest sample. */
export function defaultWindow(samples: Uint8Array | Uint16Array): GreyWindow {
  if (samples instanceof Uint8Array) return windowOf(0, 255);
  let low = 65535;
  let high = 0;
  for (const value of samples) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return low <= high ? windowOf(low, high) : windowOf(0, 65535);
}

/** Brighter means a lower center. `step`: share of the width. */
export const brighter = (window: GreyWindow, step: number): GreyWindow => ({ ...window, center: window.center - step * window.width });

/** More contrast means a narrower window. */
export const contrast = (window: GreyWindow, factor: number): GreyWindow => ({
  ...window,
  width: Math.min(131_072, Math.max(1, window.width / factor)),
});

/** Dragging: sideways changes the width, upwards makes brighter, as viewers of radiographs have it. Distances in CSS pixels. */
export function dragged(window: GreyWindow, dx: number, dy: number): GreyWindow {
  const width = Math.min(131_072, Math.max(1, window.width * Math.exp(dx / 250)));
  return { width, center: window.center + (dy * window.width) / 400 };
}
