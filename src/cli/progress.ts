/** Where progress is shown: standard error, so that standard output holds results alone. */
export interface Terminal {
  readonly isTTY: boolean;
  write(text: string): void;
}

export interface Progress {
  /** So many of `total` are done; `total` 0: not known yet. */
  at(done: number, total: number): void;
  /** The last word on it; the line stays. */
  end(): void;
}

const TTY_MS = 100;
/** Elsewhere: the first line after a while, so that quick work leaves only its last one. */
const FIRST_LINE_MS = 2000;
const LINES_MS = 10_000;
/** The rate is that of about the last minute. */
const WINDOW_MS = 60_000;

/** One line that is written again on a terminal, a line now and then elsewhere. */
export function progress(what: string, terminal: Terminal, now: () => number = () => performance.now()): Progress {
  const started = now();
  const every = terminal.isTTY ? TTY_MS : LINES_MS;
  let last = terminal.isTTY ? -Infinity : started - LINES_MS + FIRST_LINE_MS;
  let latest: { done: number; total: number } | null = null;
  const samples: { time: number; done: number }[] = [];

  const line = (time: number) => {
    if (!latest) return what;
    const { done, total } = latest;
    const first = samples[0];
    const seconds = first ? (time - first.time) / 1000 : 0;
    const rate = first && seconds > 0.5 ? (done - first.done) / seconds : 0;
    const share = total > 0 ? `${String(done)} of ${String(total)}` : String(done);
    const speed = rate > 0 ? `, ${rate < 10 ? rate.toFixed(1) : rate.toFixed(0)}/s` : '';
    const left = rate > 0 && total > done ? `, ${duration((total - done) / rate)} left` : '';
    return `${what}: ${share}${speed}${left}`;
  };

  return {
    at(done, total) {
      const time = now();
      latest = { done, total };
      if (samples.length === 0 || time - (samples.at(-1)?.time ?? 0) > 500) samples.push({ time, done });
      while (samples.length > 2 && time - (samples[0]?.time ?? 0) > WINDOW_MS) samples.shift();
      if (time - last < every) return;
      last = time;
      terminal.write(terminal.isTTY ? `\r\x1b[K${line(time)}` : `${line(time)}\n`);
    },
    end() {
      if (!latest) return;
      const text = `${what}: ${String(latest.done)}${latest.total > 0 ? ` of ${String(latest.total)}` : ''} in ${duration((now() - started) / 1000)}`;
      terminal.write(terminal.isTTY ? `\r\x1b[K${text}\n` : `${text}\n`);
    },
  };
}

export function duration(seconds: number): string {
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 100) return `${seconds.toFixed(0)} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 100 ? `${String(minutes)} min` : `${(minutes / 60).toFixed(1)} h`;
}
