import type { WindowKind } from '../../contract/jobs/imaging';

/** A window in sample values. */
export interface GreyWindow {
  readonly center: number;
  readonly width: number;
  /** Brightness 0 to 255 of each sample value; center and width are then the line nearest to it. */
  readonly table?: Uint8Array;
}

export interface NamedWindow extends GreyWindow {
  readonly kind: WindowKind;
  readonly name: string;
}

/** The file's own value of a sample: slope * sample + intercept (DICOM PS3.3 C.11.1). */
export interface Rescale {
  readonly slope: number;
  readonly intercept: number;
}

/** Center and width as a radiology viewer has them, in the file's own values. */
export function windowFigures({ center, width }: GreyWindow, { slope, intercept }: Rescale): string {
  return `C ${String(Math.round(slope * center + intercept))} W ${String(Math.round(Math.abs(slope) * width))}`;
}

/** DICOM PS3.3 C.11.2.1.2 (LINEAR): sample value to brightness, 0 to 1. Width is at least 1. */
export function brightness(value: number, { center, width, table }: GreyWindow): number {
  if (table) return (table[Math.min(table.length - 1, Math.max(0, Math.round(value)))] ?? 0) / 255;
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

/** Changed by hand a window is a line again. Brighter means a lower center. `step`: share of the width. */
export const brighter = ({ center, width }: GreyWindow, step: number): GreyWindow => ({ width, center: center - step * width });

/** More contrast means a narrower window. */
export const contrast = ({ center, width }: GreyWindow, factor: number): GreyWindow => ({
  center,
  width: Math.min(131_072, Math.max(1, width / factor)),
});

/** Dragging: sideways changes the width, upwards makes brighter, as viewers of radiographs have it. Distances in CSS pixels. */
export function dragged(window: GreyWindow, dx: number, dy: number): GreyWindow {
  const width = Math.min(131_072, Math.max(1, window.width * Math.exp(dx / 250)));
  return { width, center: window.center + (dy * window.width) / 400 };
}
