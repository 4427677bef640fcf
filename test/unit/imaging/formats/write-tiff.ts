export interface TiffPage {
  readonly width: number;
  /** One sample a pixel, or three interleaved with `channels: 3`. */
  readonly data: Uint8Array | Uint16Array;
  readonly channels?: 1 | 3;
  /** NewSubfileType, tag 254. */
  readonly subfile?: number;
}

const SHORT = 3;
const LONG = 4;

/** An uncompressed little-endian TIFF 6.0 file, a strip a page. */
export function tiffFile(pages: readonly TiffPage[]): Buffer {
  const parts: Buffer[] = [Buffer.from([0x49, 0x49, 42, 0]), Buffer.alloc(4)];
  let length = 8;
  let link: { readonly at: Buffer; readonly offset: number } = { at: parts[1] as Buffer, offset: 0 };
  const add = (bytes: Buffer) => {
    const at = length;
    parts.push(bytes);
    length += bytes.length;
    return at;
  };
  for (const { width, data, channels = 1, subfile = 0 } of pages) {
    const bits = data.BYTES_PER_ELEMENT * 8;
    const strip = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
    const from = add(strip.length % 2 === 0 ? strip : Buffer.concat([strip, Buffer.alloc(1)]));
    const depths = Buffer.alloc(2 * channels);
    for (let c = 0; c < channels; c++) depths.writeUInt16LE(bits, 2 * c);
    const depthsAt = channels === 1 ? bits : add(Buffer.concat([depths, Buffer.alloc(depths.length % 4 === 0 ? 0 : 2)]));
    const height = data.length / width / channels;
    const entries: [tag: number, type: number, count: number, value: number][] = [
      [254, LONG, 1, subfile],
      [256, LONG, 1, width],
      [257, LONG, 1, height],
      [258, SHORT, channels, depthsAt],
      [259, SHORT, 1, 1],
      [262, SHORT, 1, channels === 1 ? 1 : 2],
      [273, LONG, 1, from],
      [277, SHORT, 1, channels],
      [278, LONG, 1, height],
      [279, LONG, 1, strip.length],
    ];
    const directory = Buffer.alloc(2 + 12 * entries.length + 4);
    directory.writeUInt16LE(entries.length, 0);
    entries.forEach(([tag, type, count, value], i) => {
      const at = 2 + 12 * i;
      directory.writeUInt16LE(tag, at);
      directory.writeUInt16LE(type, at + 2);
      directory.writeUInt32LE(count, at + 4);
      directory.writeUInt32LE(value, at + 8);
    });
    link.at.writeUInt32LE(add(directory), link.offset);
    link = { at: directory, offset: directory.length - 4 };
  }
  return Buffer.concat(parts);
}
