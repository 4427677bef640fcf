import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import type { Backend } from '../../contract/jobs/trainer';
import { fail, ok, type Result } from '../../contract/result';
import type { Candidate, LoadedBackend } from './candidate';
import { setNextBackend } from './fallback';
import { selfTest, selfTestTime } from './self-test';

export interface BackendChoice {
  readonly backend: Exclude<Backend, 'auto'>;
  /** Why this one, as a sentence. */
  readonly reason: string;
  /** A product of the self-test on it, in milliseconds: to compare hosts by. */
  readonly milliseconds: number;
}

const plain: Candidate = { name: 'cpu', load: () => Promise.resolve({ registered: 'cpu' }) };

interface Passed {
  readonly loaded: LoadedBackend;
  readonly milliseconds: number;
}

/**
 * Chooses where the tensors are computed: the first candidate, in the order given and plain JavaScript last, that passes a
 * self-test, a small product checked against float64. One that must be faster gives way to the next one where that is quicker.
 * With `wanted` other than auto only that one is tried. Where the chosen one fails later on, the ones behind it take over in
 * mid-run; `onFallback` is told which and why.
 */
export async function startBackend(
  wanted: Backend,
  candidates: readonly Candidate[],
  onFallback: (choice: BackendChoice) => void = () => undefined,
): Promise<Result<BackendChoice>> {
  tf.env().set('PROD', true); // Keeps the advertisement for tfjs-node out of stderr; changes nothing else.
  const all = [...candidates, plain];
  const open = wanted === 'auto' ? [...all] : all.filter(({ name }) => name === wanted);
  const refused: string[] = [];
  setNextBackend(null);
  for (let one = open.shift(); one; one = open.shift()) {
    const passed = await tried(one);
    if (typeof passed === 'string') {
      refused.push(passed);
      continue;
    }
    const [next] = open;
    const other = one.mustBeFaster && next && wanted === 'auto' ? await tried(next) : null;
    if (other !== null && typeof other !== 'string') {
      if (other.milliseconds <= passed.milliseconds) {
        refused.push(`${one.name} is not used: ${inMs(passed)} for a product that takes ${inMs(other)} on ${next?.name ?? ''}`);
        continue;
      }
      await use(passed.loaded);
    }
    guard(one, passed.loaded, all.slice(all.indexOf(one) + 1), onFallback);
    const reasons = [`${wanted === 'auto' ? 'chosen' : 'asked for'}, self-test passed in ${inMs(passed)}`, ...refused];
    const device = passed.loaded.device === undefined ? '' : `${passed.loaded.device}; `;
    return ok({ backend: one.name, reason: device + reasons.join('; '), milliseconds: passed.milliseconds });
  }
  return fail('backend-unavailable', { backend: wanted, reason: refused.join('; ') || 'it is not known on this host' });
}

const inMs = ({ milliseconds }: Passed) => `${milliseconds < 10 ? milliseconds.toFixed(1) : milliseconds.toFixed(0)} ms`;

/** Watches over the backend in use: when it fails, one of `rest` takes over. */
function guard(chosen: Candidate, loaded: LoadedBackend, rest: Candidate[], onFallback: (choice: BackendChoice) => void): void {
  let inUse = chosen.name;
  const next = async (error: unknown): Promise<boolean> => {
    const failed = inUse;
    for (let one = rest.shift(); one; one = rest.shift()) {
      const passed = await tried(one);
      if (typeof passed === 'string') continue;
      inUse = one.name;
      setNextBackend(next, passed.loaded.broken);
      onFallback({ backend: one.name, reason: `${failed} failed in mid-run: ${firstLine(error)}`, milliseconds: passed.milliseconds });
      return true;
    }
    return false;
  };
  setNextBackend(next, loaded.broken);
}

/** Makes a backend the one in use; otherwise why it cannot be. */
async function tried({ name, load }: Candidate): Promise<Passed | string> {
  try {
    const loaded = await load();
    await use(loaded);
    const difference = await selfTest();
    if (!(difference < 1e-3)) throw new Error(`its self-test is off by ${difference}`);
    const milliseconds = await selfTestTime();
    if (loaded.broken?.aborted) throw loaded.broken.reason;
    return { loaded, milliseconds };
  } catch (error) {
    return `${name} is not used: ${firstLine(error)}`;
  }
}

async function use({ registered }: LoadedBackend): Promise<void> {
  if (!(await tf.setBackend(registered))) throw new Error('it did not start');
  await tf.ready();
}

const firstLine = (error: unknown) => (error instanceof Error ? error.message : String(error)).split('\n')[0] ?? 'unknown';
