import { mkdir, readFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import type { EncoderCard, Precision } from '../contract/encoder-card';
import type { Provider } from '../contract/jobs/encoder';
import { ok, type Result } from '../contract/result';
import { writeAtomically } from '../files/atomic';
import { BATCH } from '../contract/jobs/encoder';
import { inputLength } from './normalise';
import { ON_CPU, RUNTIME_VERSION, tryProvider, type Session } from './session';

export type Accelerator = Exclude<Provider, 'auto' | 'cpu'>;

/** In the order in which they are tried. CUDA is not among what the package of the runtime carries: it takes part where it was added. */
const accelerators: Partial<Record<NodeJS.Platform, readonly Accelerator[]>> = {
  linux: ['cuda', 'webgpu'],
  win32: ['cuda', 'directml', 'webgpu'],
  darwin: ['coreml', 'webgpu'],
};

/**
 * Largest |difference| to the processor over the largest |value| of an embedding: all providers of one precision are one class, and
 * one that computes in less than it says (float32 as float16) is found out.
 */
const TOLERANCE: Record<Precision, number> = { fp32: 1e-4, fp16: 1e-3, int8: 1e-3 };

/** A provider has to be that much faster, so that the choice does not hang on what else the machine did during the test. */
const WORTH_IT = 1.5;

const Memory = z.record(
  z.string(),
  z.object({ state: z.enum(['trying', 'good', 'refused']), reason: z.string(), pid: z.int().optional() }),
);
type Memory = z.infer<typeof Memory>;

export interface Choice {
  readonly model: string;
  readonly card: EncoderCard;
  readonly provider: Provider;
  readonly threads: number;
  /** Remembers the outcome of self-tests, and which provider was being tried when the process died. */
  readonly memory: string;
}

/**
 * A session on the provider that is asked for or, for `auto`, on the fastest one that gives the numbers of the processor. Falls back to
 * the processor and says why.
 */
export async function chooseSession({ model, card, provider, threads, memory }: Choice): Promise<Result<Session>> {
  const cpu = await tryProvider(model, 'cpu', threads, reasonForCpu(card, provider));
  if (!cpu.ok || provider === 'cpu' || (provider === 'auto' && (card.kind === 'scattering' || card.precision === 'int8'))) return cpu;
  const candidates = provider === 'auto' ? (accelerators[process.platform] ?? []) : [provider];
  const known = await recall(memory);
  const refusals: string[] = [];
  let base: Result<TestRun> | null = null;
  for (const candidate of candidates) {
    const missing = provider === 'auto' ? isMissing(candidate) : null;
    if (missing !== null) {
      refusals.push(`${candidate} cannot be used here: ${missing} is missing`);
      continue;
    }
    const key = `${candidate} ${card.id} ${RUNTIME_VERSION}`;
    const before = known[key];
    if (provider === 'auto' && before?.state === 'refused') {
      refusals.push(before.reason);
      continue;
    }
    if (before?.state === 'trying' && !isAlive(before.pid)) {
      refusals.push(await refuse(memory, known, key, `${candidate} made the encoder process end when it was tried`));
      continue;
    }
    await remember(memory, known, key, { state: 'trying', reason: '', pid: process.pid });
    const session = await tryProvider(model, candidate, threads, 'As chosen in the settings.');
    if (!session.ok) {
      // Quickly found out again, and a new driver may mend it.
      await forget(memory, known, key);
      refusals.push(`${candidate} cannot be used here: ${String(session.failure.params['reason'])}`);
      continue;
    }
    base ??= await testRun(cpu.value, card, 2);
    if (!base.ok) {
      await session.value.close();
      return cpu;
    }
    const verdict = await examine(session.value, card, base.value, provider === 'auto' && !isGood(before));
    if (verdict.good) {
      const reason = verdict.reason === '' ? (before?.reason ?? '') : verdict.reason;
      await remember(memory, known, key, { state: 'good', reason });
      await cpu.value.close();
      return ok(provider === 'auto' ? { ...session.value, reason } : session.value);
    }
    await session.value.close();
    refusals.push(await refuse(memory, known, key, verdict.reason));
  }
  return refusals.length === 0 ? cpu : ok({ ...cpu.value, reason: `${refusals.join('. ')}.` });
}

/** What is missing for certain, where to try would only make the runtime complain at length on standard error. */
export function isMissing(provider: Accelerator): string | null {
  if (provider === 'cuda') {
    const file = process.platform === 'win32' ? 'onnxruntime_providers_cuda.dll' : 'libonnxruntime_providers_cuda.so';
    const entry = createRequire(import.meta.url).resolve('onnxruntime-node');
    return existsSync(join(dirname(entry), '..', 'bin', 'napi-v6', process.platform, process.arch, file)) ? null : file;
  }
  if (provider === 'webgpu' && process.platform === 'linux') {
    const searched = (process.env['LD_LIBRARY_PATH'] ?? '').split(':').filter((folder) => folder !== '');
    const usual = ['/usr/lib', '/usr/lib64', '/usr/local/lib', '/usr/lib/x86_64-linux-gnu', '/usr/lib/aarch64-linux-gnu'];
    const file = 'libvulkan.so.1';
    return [...searched, ...usual].some((folder) => existsSync(join(folder, file))) ? null : file;
  }
  return null;
}

/** Another process may be at its test just now. */
function isAlive(pid: number | undefined): boolean {
  try {
    return pid !== undefined && pid !== process.pid && process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** Tested for speed, too: an explicit choice is tested for its numbers alone. */
const isGood = (entry: Memory[string] | undefined) => entry?.state === 'good' && entry.reason !== '';

function reasonForCpu(card: EncoderCard, provider: Provider): string {
  if (provider === 'auto' && card.kind === 'scattering') return 'This encoder is quick enough on the processor.';
  if (provider === 'auto' && card.precision === 'int8') return 'int8 is made for processors.';
  return ON_CPU;
}

interface TestRun {
  /** The embedding of the first image. */
  readonly embedding: Float32Array;
  /** Seconds an image, of the last run. */
  readonly seconds: number;
}

/** Runs one image, then a batch `times - 1` times. */
async function testRun(session: Session, card: EncoderCard, times: number): Promise<Result<TestRun>> {
  const { channels, size } = card.input;
  const one = inputLength(card);
  // Smooth waves of about the spread that normalised images have.
  const data = Float32Array.from({ length: BATCH * one }, (_, i) => Math.sin(i / 7) + Math.cos(i / 1900));
  let embedding = new Float32Array();
  let seconds = 0;
  for (let i = 0; i < times; i++) {
    const n = i === 0 ? 1 : BATCH;
    const started = performance.now();
    const run = await session.run({ pixels: { shape: [n, channels, size, size], data: data.subarray(0, n * one) } });
    if (!run.ok) return run;
    seconds = (performance.now() - started) / 1000 / n;
    if (i === 0) embedding = Float32Array.from(run.value.embedding?.data ?? []);
  }
  return ok({ embedding, seconds });
}

async function examine(session: Session, card: EncoderCard, base: TestRun, timed: boolean): Promise<{ good: boolean; reason: string }> {
  const { provider } = session;
  const first = await testRun(session, card, 1);
  if (!first.ok) return { good: false, reason: `${provider} cannot run this encoder: ${String(first.failure.params['reason'])}` };
  const difference = relativeDifference(first.value.embedding, base.embedding);
  if (!isClose(card.precision, difference)) {
    return { good: false, reason: `${provider} gives other numbers than the processor (by ${difference.toPrecision(2)} of the largest)` };
  }
  if (!timed) return { good: true, reason: '' };
  // The first run compiled the shaders; if a second single image is slower than a whole batch of the processor, that is enough.
  const second = await testRun(session, card, 1);
  const whole = second.ok && second.value.seconds < base.seconds * BATCH ? await testRun(session, card, 3) : second;
  const rate = (seconds: number) => (1 / seconds).toPrecision(2);
  const seconds = whole.ok ? whole.value.seconds : Infinity;
  const speeds = `${rate(seconds)} images/s in a short test, the processor ${rate(base.seconds)}`;
  return seconds * WORTH_IT < base.seconds
    ? { good: true, reason: `Fastest here: ${speeds}.` }
    : { good: false, reason: `${provider} is not faster: ${speeds}` };
}

/** NaN is not close. */
export const isClose = (precision: Precision, difference: number): boolean => difference <= TOLERANCE[precision];

/** Largest |difference| over the largest |expected|. */
export function relativeDifference(found: Float32Array, expected: Float32Array): number {
  if (found.length !== expected.length) return Infinity;
  const largest = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  // NaN goes through Math.max.
  return found.reduce((most, value, i) => Math.max(most, Math.abs(value - (expected[i] ?? NaN))), 0) / largest;
}

async function recall(file: string): Promise<Memory> {
  try {
    return Memory.parse(JSON.parse(await readFile(file, 'utf8')));
  } catch {
    // Not there yet, or damaged: the tests are merely made again.
    return {};
  }
}

async function refuse(file: string, known: Memory, key: string, reason: string): Promise<string> {
  await remember(file, known, key, { state: 'refused', reason });
  return reason;
}

async function forget(file: string, known: Memory, key: string): Promise<void> {
  delete known[key];
  await write(file, known);
}

async function remember(file: string, known: Memory, key: string, entry: Memory[string]): Promise<void> {
  known[key] = entry;
  await write(file, known);
}

async function write(file: string, known: Memory): Promise<void> {
  try {
    await mkdir(dirname(file), { recursive: true });
    await writeAtomically(file, JSON.stringify(known, null, 2));
  } catch {
    // What cannot be remembered is tested again.
  }
}
