/** What a header states, after it has been checked against the limits; and the bytes that the decoder is to see. */
export interface Header {
  readonly bytes: Uint8Array;
  readonly bits: number;
  readonly orientation: number;
  /** Frames or pages that are images of their own, at most FRAMES_LIMIT + 1. */
  readonly frames: readonly number[];
  readonly whiteIsZero: boolean;
}
