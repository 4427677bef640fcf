import { corrupt } from '../bounds';
import { ByteView } from '../bytes';

/**
 * RLE Lossless, PS3.5 annex G: one PackBits segment for each byte of each sample, most significant byte first.
 * Gives native little-endian samples, interleaved.
 */
export function decodeRle(frame: Uint8Array, pixels: number, samples: number, bytesPerSample: number): Uint8Array {
  const view = new ByteView(frame, true);
  const segments = view.u32(0);
  const planes = samples * bytesPerSample;
  if (segments !== planes) corrupt(`it has ${String(segments)} RLE segments instead of ${String(planes)}`);
  const out = new Uint8Array(pixels * planes);
  for (let segment = 0; segment < segments; segment++) {
    const from = view.u32(4 + 4 * segment);
    const to = segment + 1 < segments ? view.u32(8 + 4 * segment) : frame.length;
    if (from < 64 || to > frame.length || from > to) corrupt('its RLE segments lie outside of the frame');
    const sample = Math.floor(segment / bytesPerSample);
    const byte = bytesPerSample - 1 - (segment % bytesPerSample);
    unpack(frame.subarray(from, to), out, sample * bytesPerSample + byte, planes, pixels);
  }
  return out;
}

function unpack(packed: Uint8Array, out: Uint8Array, start: number, step: number, pixels: number): void {
  let written = 0;
  let at = 0;
  while (written < pixels) {
    if (at >= packed.length) corrupt(`an RLE segment ends ${String(pixels - written)} samples early`);
    const control = packed[at++] as number;
    if (control === 128) continue;
    if (control < 128) {
      const run = Math.min(control + 1, pixels - written);
      if (at + run > packed.length) corrupt('an RLE segment ends inside a run');
      for (let i = 0; i < run; i++) out[start + (written + i) * step] = packed[at + i] as number;
      written += run;
      at += control + 1;
    } else {
      if (at >= packed.length) corrupt('an RLE segment ends inside a run');
      const value = packed[at++] as number;
      const run = Math.min(257 - control, pixels - written);
      for (let i = 0; i < run; i++) out[start + (written + i) * step] = value;
      written += run;
    }
  }
}
