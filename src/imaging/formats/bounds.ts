import { fail, FailureError, type Failure } from '../../contract/result';

/** Limits that hold before a single pixel is decoded. Decoders see nothing that exceeds them. */
export const limits = {
  fileBytes: 1024 ** 3,
  /** Pixels of one frame. The largest detectors in use have about 20 million. */
  pixels: 200e6,
  /** Bytes of one decoded frame: what one worker may need at least twice. */
  decodedBytes: 600e6,
  side: 65_535,
  /** Bytes that a deflated data set unpacks to: it is held up to three times, and a megabyte can become a gigabyte. */
  inflatedBytes: 300e6,
} as const;

/** Ends the reading of this file. The caller knows its name and puts it into the params. */
export function refuse(code: Failure['code'], params: Failure['params'] = {}, detail?: string): never {
  throw new FailureError(fail(code, params, detail).failure);
}

export const corrupt = (reason: string, detail?: string): never => refuse('image-corrupt', { reason }, detail);
export const unsupported = (feature: string): never => refuse('image-unsupported', { feature });

/** Checks the size that a header states. */
export function checkSize(width: number, height: number, bytesPerPixel: number): void {
  if (!(width >= 1 && height >= 1)) corrupt(`its header states ${String(width)} x ${String(height)} pixels`);
  const pixels = width * height;
  if (pixels > limits.pixels || pixels * bytesPerPixel > limits.decodedBytes || Math.max(width, height) > limits.side) {
    const limit = Math.floor(Math.min(limits.pixels, limits.decodedBytes / bytesPerPixel) / 1e6);
    refuse('image-too-large', { width, height, limit });
  }
}
