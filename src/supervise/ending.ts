/** How a process ended, as far as the system tells. */
export interface Ending {
  /** `killed`: by a signal from outside, which is also how Linux ends a process when memory runs out. */
  readonly kind: 'memory' | 'killed' | 'crashed' | 'not-started' | 'exited';
  /** The system's own word or number for it. */
  readonly detail: string;
}

/** Of Chromium: the reason of `child-process-gone` and `render-process-gone`. */
export function endingOfReason(reason: string, code: number): Ending {
  switch (reason) {
    case 'oom':
      return { kind: 'memory', detail: reason };
    case 'killed':
      return { kind: 'killed', detail: reason };
    case 'crashed':
      return { kind: 'crashed', detail: `${reason}, code ${String(code)}` };
    case 'launch-failed':
    case 'integrity-failure':
      return { kind: 'not-started', detail: reason };
    default:
      return { kind: 'exited', detail: `${reason}, code ${String(code)}` };
  }
}

/** Of Node: the arguments of `exit`. */
export function endingOfExit(code: number | null, signal: string | null): Ending {
  if (signal === 'SIGKILL' || signal === 'SIGTERM' || signal === 'SIGINT' || signal === 'SIGHUP') return { kind: 'killed', detail: signal };
  if (signal !== null) return { kind: 'crashed', detail: signal };
  return { kind: 'exited', detail: `code ${String(code ?? 'unknown')}` };
}

/** Says after "The ... process" how it ended. */
export function endingWords({ kind, detail }: Ending): string {
  switch (kind) {
    case 'memory':
      return 'ran out of memory';
    case 'killed':
      return 'was ended from outside, perhaps by the system for want of memory';
    case 'crashed':
      return `crashed (${detail})`;
    case 'not-started':
      return `could not be started (${detail})`;
    case 'exited':
      return `ended by itself (${detail})`;
  }
}

/** Whether fewer images at a time may help: V8 and drivers crash when they get no memory. */
export const wantsMemory = ({ kind }: Ending): boolean => kind === 'memory' || kind === 'killed' || kind === 'crashed';
