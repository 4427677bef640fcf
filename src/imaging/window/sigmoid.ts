/** The SIGMOID function of DICOM PS3.3 C.11.2.1.3.1 to 0..255, rounded by floor(x + 0.5), as a table over the samples 0..maximum. */
export const sigmoidTable = (center: number, width: number, maximum: number): Uint8Array =>
  Uint8Array.from({ length: maximum + 1 }, (_, x) => Math.floor(255 / (1 + Math.exp((-4 * (x - center)) / width)) + 0.5));
