import { env, InferenceSession, Tensor } from 'onnxruntime-node';
import type { Provider } from '../contract/jobs/encoder';
import { fail, ok, type Result } from '../contract/result';
import { saturationTest } from './saturation';
import { runtimeReason } from './runtime-reason';

// Off Windows the runtime of Microsoft's own builds keeps an id of the computer and sends what is run to Microsoft, unless this is set before the
// first session (onnxruntime's docs/Privacy.md, from 1.29 on). Nothing leaves the computer here. On Windows it writes to the system's event
// tracing instead, which no variable switches off.
process.env['ORT_DISABLE_TELEMETRY'] = '1';

/** A float32 tensor going into or coming out of a model. */
export interface Values {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

export interface Session {
  /** The provider that runs it, and why that one. */
  readonly provider: Provider;
  readonly reason: string;
  /** `outputs`: those that are wanted; all of them where it is left out. */
  run(inputs: Readonly<Record<string, Values>>, outputs?: readonly string[]): Promise<Result<Record<string, Values>>>;
  close(): Promise<void>;
}

/** What onnxruntime calls the providers of the contract. */
const names: Record<Exclude<Provider, 'auto'>, string> = { cpu: 'cpu', webgpu: 'webgpu', cuda: 'cuda', directml: 'dml', coreml: 'coreml' };

export const RUNTIME_VERSION = env.versions.node ?? env.versions.common;

const optionsFor = (name: string, threads: number, precise: boolean): InferenceSession.SessionOptions => ({
  executionProviders: [name],
  // 'all' adds blocked layouts of convolutions, which made the built-in encoder 10 % slower and nothing faster.
  graphOptimizationLevel: 'extended',
  // What fails is thrown, too, and told in a sentence.
  logSeverityLevel: 4,
  // Shapes never change from batch to batch, so the arena stays at what the first one took.
  enableCpuMemArena: true,
  enableMemPattern: true,
  ...(threads > 0 ? { intraOpNumThreads: threads } : {}),
  interOpNumThreads: 1,
  // Turns int8 weights into uint8 ones, for which all processors are exact and those with VNNI or AMX slow.
  ...(precise ? { extra: { session: { x64quantprecision: '1' } } } : {}),
});

let saturates: Promise<boolean> | null = null;

/** Whether int8 products saturate on this processor unless they are computed the slow way. Tried out once, in some milliseconds. */
export function int8Saturates(): Promise<boolean> {
  saturates ??= (async () => {
    const { bytes, input, expected } = saturationTest;
    const session = await InferenceSession.create(bytes(), optionsFor('cpu', 1, false));
    const { y } = await session.run({ x: new Tensor('float32', input.data, input.shape) });
    await session.release();
    return !(y?.data instanceof Float32Array && y.data.every((value) => value === expected));
  })().catch(() => true);
  return saturates;
}

export const ON_CPU = 'It runs on every machine and gives the same numbers each time.';

/** As asked for, else on the processor with the reason. `auto` is the processor here: providers.ts chooses. */
export async function openSession(path: string, provider: Provider, threads: number): Promise<Result<Session>> {
  if (provider === 'auto' || provider === 'cpu') return tryProvider(path, 'cpu', threads, ON_CPU);
  const session = await tryProvider(path, provider, threads, 'As chosen in the settings.');
  if (session.ok) return session;
  return tryProvider(path, 'cpu', threads, `${provider} cannot be used here: ${String(session.failure.params['reason'])}`);
}

/**
 * Opens a model on this provider or not at all, by path, so that its bytes never lie in JavaScript's memory. `threads` 0: as many as
 * onnxruntime thinks fit.
 */
export async function tryProvider(
  path: string,
  provider: Exclude<Provider, 'auto'>,
  threads: number,
  reason = ON_CPU,
): Promise<Result<Session>> {
  try {
    return ok(wrap(await InferenceSession.create(path, optionsFor(names[provider], threads, await int8Saturates())), provider, reason));
  } catch (error) {
    return fail('encoder-run-failed', { reason: runtimeReason(error) }, String(error));
  }
}

function wrap(session: InferenceSession, provider: Provider, reason: string): Session {
  return {
    provider,
    reason,
    async run(inputs, wanted) {
      const feeds: Record<string, Tensor> = {};
      for (const [name, value] of Object.entries(inputs)) feeds[name] = new Tensor('float32', value.data, value.shape);
      try {
        const outputs = await (wanted ? session.run(feeds, wanted) : session.run(feeds));
        const values: Record<string, Values> = {};
        for (const [name, tensor] of Object.entries(outputs)) {
          if (!(tensor.data instanceof Float32Array)) return fail('encoder-run-failed', { reason: `${name} is not float32` });
          values[name] = { shape: tensor.dims, data: tensor.data };
        }
        return ok(values);
      } catch (error) {
        return fail('encoder-run-failed', { reason: runtimeReason(error) }, String(error));
      }
    },
    close: () => session.release(),
  };
}
