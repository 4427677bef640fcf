import { corrupt } from './bounds';

/** Reads numbers out of untrusted bytes; everything outside of them is a damaged file, never an exception of another kind. */
export class ByteView {
  readonly bytes: Uint8Array;
  readonly little: boolean;
  private readonly view: DataView;

  constructor(bytes: Uint8Array, little: boolean) {
    this.bytes = bytes;
    this.little = little;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get length(): number {
    return this.bytes.length;
  }

  u8(at: number): number {
    return this.view.getUint8(this.inside(at, 1));
  }

  u16(at: number): number {
    return this.view.getUint16(this.inside(at, 2), this.little);
  }

  u32(at: number): number {
    return this.view.getUint32(this.inside(at, 4), this.little);
  }

  /** Only as far as numbers are exact, which no file reaches. */
  u64(at: number): number {
    return Number(this.view.getBigUint64(this.inside(at, 8), this.little));
  }

  ascii(at: number, length: number): string {
    this.inside(at, length);
    return String.fromCharCode(...this.bytes.subarray(at, at + length));
  }

  private inside(at: number, length: number): number {
    if (!(at >= 0 && at + length <= this.bytes.length)) corrupt(`it ends before byte ${String(at + length)}`);
    return at;
  }
}
