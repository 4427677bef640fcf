import { createRequire } from 'node:module';

export type Encoder = 'encodeRle' | 'encodeJpeg' | 'encodeJpegLs' | 'encodeJpeg2000' | 'encodeHtJpeg2000';

interface Codecs {
  readonly NativeCodecs: { initializeAsync(): Promise<void> } & Record<
    Encoder,
    (context: unknown, options: object) => { getEncodedBuffer(): Uint8Array }
  >;
  readonly Context: new (settings: object) => unknown;
}

/** Interleaved samples, as many bits allocated as they have. */
export interface Drawn {
  readonly samples: Uint8Array | Uint16Array;
  readonly width: number;
  readonly channels: 1 | 3;
  readonly bits: number;
  /** Of colour: RGB unless given. */
  readonly photometric?: string;
}

/** The encoders of the same module as the decoders: its own JavaScript, so that the two ends are told apart. */
export async function encode(
  method: Encoder,
  { samples, width, channels, bits, photometric = 'RGB' }: Drawn,
  options: object = { lossy: false },
) {
  const { NativeCodecs, Context } = createRequire(import.meta.url)('dcmjs-codecs') as Codecs;
  await NativeCodecs.initializeAsync();
  const context = new Context({
    width,
    height: samples.length / width / channels,
    bitsAllocated: samples.BYTES_PER_ELEMENT * 8,
    bitsStored: bits,
    samplesPerPixel: channels,
    pixelRepresentation: 0,
    planarConfiguration: 0,
    photometricInterpretation: channels === 1 ? 'MONOCHROME2' : photometric,
    decodedBuffer: new Uint8Array(samples.buffer),
  });
  return Uint8Array.from(NativeCodecs[method](context, options).getEncodedBuffer());
}
