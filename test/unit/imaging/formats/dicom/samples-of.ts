import { decodeImage } from '../../../../../src/imaging/formats/decode';

export const samplesOf = async (file: Uint8Array, frame: number | null = null) => Array.from((await decodeImage(file, frame)).data);
