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

/** From image to screen, without the scale: the matrix [a b; c d] of quarter turns and mirroring, y downwards. */
export type Turn = readonly [a: number, b: number, c: number, d: number];

export const UPRIGHT: Turn = [1, 0, 0, 1];

/** A quarter turn clockwise, as seen on the screen. */
export const rotated = ([a, b, c, d]: Turn): Turn => [0 - c, 0 - d, a, b];

/** Left and right change places, as seen on the screen. */
export const mirrored = ([a, b, c, d]: Turn): Turn => [0 - a, 0 - b, c, d];

/** What was turned, in words: radiographs are read by their sides. Empty when upright. */
export function turnWords([a, b, c, d]: Turn): string {
  const flipped = a * d - b * c < 0;
  // Undo the mirroring first: what is left is a rotation.
  const [cos, sin] = flipped ? [0 - a, c] : [a, c];
  const degrees = cos === 1 ? 0 : sin === 1 ? 90 : cos === -1 ? 180 : 270;
  return [flipped ? 'mirrored' : '', degrees === 0 ? '' : `turned ${String(degrees)}°`].filter((word) => word !== '').join(', ');
}

/** The image's size as it lies on the screen. */
export const turnedSize = ({ width, height }: Size, turn: Turn): Size =>
  turn[0] === 0 ? { width: height, height: width } : { width, height };

/** The image point under (px, py), in CSS pixels from the middle of the box; in image pixels from its top left corner. */
export function imagePoint({ scale, x, y }: Placement, [a, b, c, d]: Turn, image: Size, px: number, py: number): { x: number; y: number } {
  const [dx, dy] = [(px - x) / scale, (py - y) / scale];
  return { x: image.width / 2 + a * dx + c * dy, y: image.height / 2 + b * dx + d * dy };
}

const LARGEST = 40;

/** `image`: as it lies on the screen, here and below. */
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
