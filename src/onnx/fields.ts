/** Bytes of a file or of memory, read where they lie. */
export interface Bytes {
  readonly size: number;
  /** Exactly `length` bytes from `from` on, valid until the next call; the caller has checked that they are there. */
  read(from: number, length: number): Uint8Array;
}

export const inMemory = (bytes: Uint8Array): Bytes => ({
  size: bytes.length,
  read: (from, length) => bytes.subarray(from, from + length),
});

/** A range of bytes. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** One field of a protobuf message (protobuf.dev/programming-guides/encoding). */
export interface Field extends Span {
  readonly number: number;
  /** 0 varint, 1 eight bytes, 2 with a length, 5 four bytes. `from` to `to` is its payload. */
  readonly wire: number;
  /** Where its tag begins. */
  readonly start: number;
  /** Of a varint, as a signed 64-bit number; beyond 2^53 not exact. */
  readonly value: number;
}

/** The bytes are no protobuf message. */
export class Malformed extends Error {}

const LONGEST_VARINT = 10;

/** Reads the fields of the message in `span` one after the other. Nothing is allocated for them. */
export function eachField(bytes: Bytes, { from, to }: Span, visit: (field: Field) => void): void {
  for (let at = from; at < to;) {
    const start = at;
    const tag = varint(bytes, at, to);
    at = tag.end;
    const number = Math.floor(tag.value / 8);
    const wire = tag.value % 8;
    if (number < 1 || number > 2 ** 29) throw new Malformed(`a field without a number at byte ${String(start)}`);
    let value = 0;
    let length: number;
    if (wire === 0) {
      const read = varint(bytes, at, to);
      value = read.value;
      length = read.end - at;
    } else if (wire === 2) {
      const read = varint(bytes, at, to);
      at = read.end;
      length = read.value;
    } else if (wire === 1) length = 8;
    else if (wire === 5) length = 4;
    else throw new Malformed(`a field of an unknown kind at byte ${String(start)}`);
    if (length < 0 || length > to - at) throw new Malformed(`expected ${String(length)} more bytes at byte ${String(at)}`);
    visit({ number, wire, start, from: at, to: at + length, value });
    at += length;
  }
}

function varint(bytes: Bytes, at: number, to: number): { value: number; end: number } {
  const window = bytes.read(at, Math.min(LONGEST_VARINT, to - at));
  let value = 0;
  for (let i = 0; i < window.length; i++) {
    const byte = window[i] ?? 0;
    value += (byte & 127) * 2 ** (7 * i);
    if (byte < 128) return { value: value >= 2 ** 63 ? value - 2 ** 64 : value, end: at + i + 1 };
  }
  throw new Malformed(`a number without an end at byte ${String(at)}`);
}

/** A name in the message; refused where nobody would write one that long. */
export function text(bytes: Bytes, { from, to }: Span): string {
  if (to - from > 4096) throw new Malformed(`a name of ${String(to - from)} bytes at byte ${String(from)}`);
  return new TextDecoder().decode(bytes.read(from, to - from));
}

/** Bytes to be written: literal ones, or a span of a file (the model's own, or one of its data files). */
export type Piece = Uint8Array | (Span & { readonly data: string | null });

export const lengthOf = (pieces: readonly Piece[]): number =>
  pieces.reduce((sum, piece) => sum + (piece instanceof Uint8Array ? piece.length : piece.to - piece.from), 0);

/** A field with a length whose payload is put together out of pieces. */
export function field(number: number, payload: readonly Piece[]): Piece[] {
  return [Uint8Array.from([...varintBytes(number * 8 + 2), ...varintBytes(lengthOf(payload))]), ...payload];
}

export const varintField = (number: number, value: number): Uint8Array =>
  Uint8Array.from([...varintBytes(number * 8), ...varintBytes(value)]);

function varintBytes(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  while (rest >= 128) {
    bytes.push((rest % 128) + 128);
    rest = Math.floor(rest / 128);
  }
  return [...bytes, rest];
}
