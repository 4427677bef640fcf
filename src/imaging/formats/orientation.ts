/** Where output pixel (x, y) lies in the input, as steps through it: EXIF 2.32, 4.6.4 A, tag Orientation. */
export function upright<T extends { width: number; height: number; channels: 1 | 3; data: Uint8Array | Uint16Array }>(
  image: T,
  orientation: number,
): T {
  if (orientation === 1) return image;
  const { width: w, height: h, channels, data } = image;
  const swapped = orientation >= 5;
  const width = swapped ? h : w;
  const height = swapped ? w : h;
  const last = w * h - 1;
  // [start, step along x, step along y] in input pixels
  const steps: Readonly<Record<number, readonly [number, number, number]>> = {
    2: [w - 1, -1, w],
    3: [last, -1, -w],
    4: [last - (w - 1), 1, -w],
    5: [0, w, 1],
    6: [last - (w - 1), -w, 1],
    7: [last, -w, -1],
    8: [w - 1, w, -1],
  };
  const [start, alongX, alongY] = steps[orientation] ?? [0, 1, w];
  const out = data instanceof Uint8Array ? new Uint8Array(data.length) : new Uint16Array(data.length);
  let o = 0;
  for (let y = 0; y < height; y++) {
    let p = (start + y * alongY) * channels;
    for (let x = 0; x < width; x++, p += alongX * channels) {
      for (let c = 0; c < channels; c++) out[o++] = data[p + c] as number;
    }
  }
  return { ...image, width, height, data: out };
}
