export interface Size {
  readonly width: number;
  readonly height: number;
}

/** CSS pixels for each image pixel, and where the image's middle lies, in CSS pixels from the middle of the box. */
export interface Placement {
  readonly scale: number;
  readonly x: number;
  readonly y: number;
}

const LARGEST = 40;

export const fit = (image: Size, box: Size): Placement => ({
  scale: Math.min(box.width / image.width, box.height / image.height) || 1,
  x: 0,
  y: 0,
});

/** One image pixel on one pixel of the screen. */
export const actualSize = (pixelRatio: number): Placement => ({ scale: 1 / pixelRatio, x: 0, y: 0 });

/** The point of the image under (px, py), from the middle of the box, stays where it is. */
export function zoomAt(from: Placement, factor: number, px: number, py: number, image: Size, box: Size): Placement {
  const smallest = fit(image, box).scale / 4;
  const scale = Math.min(LARGEST, Math.max(smallest, from.scale * factor));
  const k = scale / from.scale;
  return within({ scale, x: px - (px - from.x) * k, y: py - (py - from.y) * k }, image);
}

export const panned = (from: Placement, dx: number, dy: number, image: Size): Placement =>
  within({ ...from, x: from.x + dx, y: from.y + dy }, image);

/** The middle of the box stays on the image, so that it cannot be lost. */
function within({ scale, x, y }: Placement, image: Size): Placement {
  const limit = (value: number, half: number) => Math.min(half, Math.max(-half, value));
  return { scale, x: limit(x, (image.width * scale) / 2), y: limit(y, (image.height * scale) / 2) };
}
