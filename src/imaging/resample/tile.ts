import type { TileRecipe } from '../../contract/encoder-card';
import type { Tile } from '../../contract/jobs/imaging';
import type { Picture } from '../formats/raster';
import { resample } from './bicubic';

/** The encoder's input of a picture, before normalisation. Black where the picture does not reach. */
export function makeTile(picture: Picture, recipe: TileRecipe): Tile {
  const source = recipe.colour === 'luma' ? luma(picture) : picture;
  const { size } = recipe;
  const { width, height } = resizedTo(source, recipe);
  const [x, across] = overlap(width, size);
  const [y, down] = overlap(height, size);
  const part = resample(source, width, height, { x: Math.max(x, 0), y: Math.max(y, 0), width: across, height: down });
  const { channels } = source;
  if (across === size && down === size) return { size, channels, data: part.data.slice() };
  const data = new Uint8Array(size * size * channels);
  for (let row = 0; row < down; row++) {
    const line = part.data.subarray(row * across * channels, (row + 1) * across * channels);
    data.set(line, ((row + Math.max(-y, 0)) * size + Math.max(-x, 0)) * channels);
  }
  return { size, channels, data };
}

/** The size of the whole picture before the crop. `official` is torchvision's Resize: the long side is int(resize * long / short). */
function resizedTo({ width, height }: Picture, { crop, resize, size }: TileRecipe): { width: number; height: number } {
  if (crop === 'squash') return { width: size, height: size };
  if (crop === 'official') {
    return width <= height
      ? { width: resize, height: Math.trunc((resize * height) / width) }
      : { width: Math.trunc((resize * width) / height), height: resize };
  }
  const long = Math.max(width, height);
  const fit = (side: number) => Math.max(1, Math.round((side * size) / long));
  return { width: fit(width), height: fit(height) };
}

/** Where a side of n samples meets a tile of `size`: offset into the side (negative: into the tile), and length. */
function overlap(n: number, size: number): [offset: number, length: number] {
  if (n < size) return [-Math.floor((size - n) / 2), n];
  return [roundHalfToEven((n - size) / 2), size];
}

function roundHalfToEven(value: number): number {
  const floor = Math.floor(value);
  if (value - floor !== 0.5) return Math.round(value);
  return floor % 2 === 0 ? floor : floor + 1;
}

/** ITU-R 601-2 luma as Pillow's convert('L') computes it. */
export function luma(picture: Picture): Picture {
  if (picture.channels === 1) return picture;
  const { width, height, data: rgb } = picture;
  const data = new Uint8Array(width * height);
  for (let i = 0, p = 0; i < data.length; i++, p += 3) {
    data[i] = (19595 * (rgb[p] as number) + 38470 * (rgb[p + 1] as number) + 7471 * (rgb[p + 2] as number) + 32768) >> 16;
  }
  return { width, height, channels: 1, data };
}
