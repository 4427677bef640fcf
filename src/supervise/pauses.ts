const FIRST_MS = 500;
const MOST_MS = 600_000;

/** Milliseconds to wait after the n-th failure in a row of some work, n from 1. In the first hour that makes 15 attempts. */
export const pauseAfterFailure = (n: number): number => Math.min(MOST_MS, FIRST_MS * 2 ** (n - 1));

/** A process that lived for so long was a sound one: what ended it later is counted anew. */
export const SOUND_MS = 60_000;
const RESTART_MS = 200;
/** So many ends in a row, and it is left alone for a minute and more. */
export const ENDS_LIMIT = 6;

/** Milliseconds to wait before a process is started again after its n-th end in a row, n from 1. In the first hour that makes 14 starts. */
export const pauseAfterEnd = (n: number): number =>
  n < ENDS_LIMIT ? RESTART_MS * 2 ** (n - 1) : Math.min(MOST_MS, SOUND_MS * 2 ** (n - ENDS_LIMIT));
