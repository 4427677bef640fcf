import { randomBytes } from 'node:crypto';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname, extname } from 'node:path';
import { seal } from '../../files/sealed';
import { refuse } from '../formats/bounds';
import type { Picture } from '../formats/raster';
import { encodeWithVips } from '../formats/vips';
import { resample } from '../resample/bicubic';

const QUALITY = 80;

/** The picture with its longest side at most `size`; a smaller one stays as it is. */
export function shrink(picture: Picture, size: number): Picture {
  const long = Math.max(picture.width, picture.height);
  if (long <= size) return picture;
  const near = blockMeans(picture, Math.floor(long / size / 2));
  const fit = (side: number) => Math.max(1, Math.round((side * size) / long));
  return resample(near, fit(picture.width), fit(picture.height));
}

/** Means of whole k x k blocks: brings a large picture near the wanted size at a fraction of the cost. A thumbnail feeds no encoder. */
function blockMeans(picture: Picture, k: number): Picture {
  if (k < 2 || Math.min(picture.width, picture.height) < 2 * k) return picture;
  const { channels, data } = picture;
  const width = Math.floor(picture.width / k);
  const height = Math.floor(picture.height / k);
  const stride = picture.width * channels;
  const out = new Uint8Array(width * height * channels);
  const sums = new Uint32Array(width * channels);
  const scale = 1 / (k * k);
  for (let y = 0; y < height; y++) {
    sums.fill(0);
    for (let dy = 0; dy < k; dy++) {
      let p = (y * k + dy) * stride;
      for (let x = 0; x < width; x++) {
        for (let dx = 0; dx < k; dx++) {
          for (let c = 0; c < channels; c++) sums[x * channels + c] = (sums[x * channels + c] as number) + (data[p++] as number);
        }
      }
    }
    for (let x = 0; x < sums.length; x++) out[y * sums.length + x] = (sums[x] as number) * scale + 0.5;
  }
  return { width, height, channels, data: out };
}

/**
 * Writes the thumbnail as JPEG, or as WebP with a seal behind it (files/sealed), whichever the file name ends in. It appears whole or not at
 * all. No flush to disk: a lost thumbnail is made again, and a damaged one is known by its seal. Throws FailureError: disk-full, folder-not-writable, write-failed.
 */
export async function writeThumbnail(picture: Picture, file: string, size: number): Promise<void> {
  const kind = /^\.jpe?g$/i.test(extname(file)) ? 'jpeg' : 'webp';
  const bytes = await encodeWithVips(kind, shrink(picture, size), QUALITY);
  // Readers of JPEG may be others, who expect nothing behind the picture.
  await writeWhole(kind === 'webp' ? seal(bytes) : bytes, file);
}

/** Writes the whole picture as PNG, under the same rules. */
export async function writePicture(picture: Picture, file: string): Promise<void> {
  await writeWhole(await encodeWithVips('png', picture, QUALITY), file);
}

async function writeWhole(bytes: Uint8Array, file: string): Promise<void> {
  const temporary = `${file}.${randomBytes(6).toString('hex')}.tmp`;
  try {
    await mkdir(dirname(file), { recursive: true });
    const handle = await open(temporary, 'wx');
    try {
      await handle.writeFile(bytes);
    } finally {
      await handle.close();
    }
    await rename(temporary, file);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    if (code === '') throw error;
    const folder = dirname(file);
    if (code === 'ENOSPC' || code === 'EDQUOT') refuse('disk-full', { folder });
    if (code === 'EACCES' || code === 'EROFS' || code === 'EPERM') refuse('folder-not-writable', { folder, reason: 'permission denied' });
    refuse('write-failed', { file, reason: code });
  }
}
