import type { Samples } from './vips';

interface Colour {
  readonly channels: 1 | 3;
  readonly data: Uint8Array | Uint16Array;
}

/** Alpha is dropped, not blended; ink becomes light; colour that is grey throughout becomes one channel. */
export function toGreyOrRgb(samples: Samples): Colour {
  if (samples.cmyk) return greyIfEqual(cmykToRgb(samples));
  if (samples.bands < 3) return { channels: 1, data: take(samples, 1) };
  return greyIfEqual({ channels: 3, data: take(samples, 3) });
}

function take({ data, bands }: Samples, wanted: 1 | 3): Uint8Array | Uint16Array {
  if (bands === wanted) return data;
  const pixels = data.length / bands;
  const out = data instanceof Uint8Array ? new Uint8Array(pixels * wanted) : new Uint16Array(pixels * wanted);
  for (let i = 0, p = 0, o = 0; i < pixels; i++, p += bands) {
    for (let c = 0; c < wanted; c++) out[o++] = data[p + c] as number;
  }
  return out;
}

/** As Pillow's cmyk2rgb (src/libImaging/Convert.c): no profile, each ink takes its share of what black leaves. */
function cmykToRgb({ data, bands }: Samples): Colour {
  const maximum = data instanceof Uint8Array ? 255 : 65535;
  const pixels = Math.floor(data.length / bands);
  const out = data instanceof Uint8Array ? new Uint8Array(pixels * 3) : new Uint16Array(pixels * 3);
  for (let i = 0, p = 0, o = 0; i < pixels; i++, p += bands) {
    const light = maximum - (data[p + 3] as number);
    for (let c = 0; c < 3; c++) out[o++] = light - Math.round(((data[p + c] as number) * light) / maximum);
  }
  return { channels: 3, data: out };
}

export function greyIfEqual(colour: Colour): Colour {
  const { channels, data } = colour;
  if (channels === 1) return colour;
  for (let p = 0; p < data.length; p += 3) {
    const red = data[p];
    if (red !== data[p + 1] || red !== data[p + 2]) return colour;
  }
  const grey = data instanceof Uint8Array ? new Uint8Array(data.length / 3) : new Uint16Array(data.length / 3);
  for (let i = 0, p = 0; i < grey.length; i++, p += 3) grey[i] = data[p] as number;
  return { channels: 1, data: grey };
}
