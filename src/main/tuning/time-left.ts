/** Milliseconds below which the first steps, which load and compile, would tell too much. */
const LEAST_MS = 3_000;

/** Seconds that the rest of some work takes at this pace, from how it went since its first step; null for the first seconds. */
export function timeLeft(now: () => number = () => performance.now()): (done: number, total: number) => number | null {
  let first: { readonly at: number; readonly done: number } | null = null;
  return (done, total) => {
    const at = now();
    first ??= { at, done };
    const passed = at - first.at;
    return passed < LEAST_MS || done <= first.done ? null : ((passed / (done - first.done)) * (total - done)) / 1000;
  };
}
