import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { BATCH, type Provider } from '../contract/jobs/encoder';
import { fail, ok, type Result } from '../contract/result';
import { openEncoderFolder } from './folder';
import { inputLength } from './normalise';
import { chooseSession } from './providers';
import { ensureBuiltin } from './scattering/builtin';

export interface SpeedTest {
  readonly profile: string;
  /** An encoder folder, or 'builtin'. */
  readonly folder: string;
  readonly signal: AbortSignal;
  readonly onProgress: (done: number, total: number) => void;
}

/** Long enough for a steady rate, short enough to wait for. */
const SECONDS = 4;
/** The first batches fill the arena and compile shaders. */
const WARM_UP = 2;
const MAX_BATCHES = 200;

/** Images a second of the model alone, on the provider that embedding would use: the median of its batches. */
export async function measureSpeed({
  profile,
  folder,
  signal,
  onProgress,
}: SpeedTest): Promise<Result<{ imagesPerSecond: number; provider: Provider; reason: string }>> {
  const source = folder === 'builtin' ? await ensureBuiltin(join(profile, 'encoders')) : await openEncoderFolder(folder);
  if (!source.ok) return source;
  const { model, card } = source.value;
  const chosen = await chooseSession({ model, card, provider: 'auto', threads: 0, memory: join(profile, 'providers.json') });
  if (!chosen.ok) return chosen;
  const session = chosen.value;
  try {
    const { channels, size } = card.input;
    // Smooth waves of about the spread that normalised images have.
    const data = Float32Array.from({ length: BATCH * inputLength(card) }, (_, i) => Math.sin(i / 7) + Math.cos(i / 1900));
    const pixels = { shape: [BATCH, channels, size, size], data };
    const seconds: number[] = [];
    let begun = performance.now();
    for (let batch = -WARM_UP; batch < MAX_BATCHES; batch++) {
      // A batch blocks this thread: only between two of them is the wish to stop heard.
      await turn();
      if (signal.aborted) return fail('stopped');
      const started = performance.now();
      if (batch === 0) begun = started;
      const run = await session.run({ pixels }, ['embedding']);
      if (!run.ok) return run;
      if (batch < 0) continue;
      seconds.push((performance.now() - started) / 1000);
      const spent = (performance.now() - begun) / 1000;
      onProgress(Math.min(spent, SECONDS), SECONDS);
      if (spent >= SECONDS) break;
    }
    const median = seconds.sort((a, b) => a - b)[Math.floor(seconds.length / 2)] ?? Infinity;
    return ok({ imagesPerSecond: BATCH / median, provider: session.provider, reason: session.reason });
  } finally {
    await session.close();
  }
}
