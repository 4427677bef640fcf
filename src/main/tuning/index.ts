import type { BridgeService } from '../../contract/bridge';
import type { TunedKind } from '../../contract/head';
import type { EmbedItem } from '../../contract/jobs/encoder';
import type { TuneOutcome } from '../../contract/jobs/trainer';
import { attempt, fail, unwrap, type Result } from '../../contract/result';
import type { Emit } from '../../contract/wire';
import type { BridgePart } from '../ipc';
import type { Processes } from '../processes';
import type { Projects } from '../projects';
import type { ProjectSession } from '../projects/session';
import { stateOfKind } from '../../trainer/heads/tuned/kinds';
import type { PooledImage } from '../projects/base';
import { timeLeft } from './time-left';

const training: Readonly<Record<TunedKind, string>> = { attentive: 'Learning where to look', block: 'Training the last block' };
/** One chunk of states on its way from the encoder to the trainer: messages are copied, and large ones stall main. */
const CHUNK_BYTES = 2 * 1024 * 1024;
/** Images whose states are computed in one call, so that a stop and the encoder's end cost little. */
const PORTION = 64;

/** Fine-tuning of the open project's head, on request and in the background. Labeling goes on. */
export function setupTuning({ projects, processes, emit }: { projects: Projects; processes: Processes; emit: Emit<BridgeService> }): {
  part: BridgePart;
  stop: () => void;
} {
  let running: AbortController | null = null;
  const start = async (session: ProjectSession, kind: TunedKind): Promise<Result<TuneOutcome>> => {
    if (running) return fail('wrong-use', { reason: 'a head is being fine-tuned already' });
    running = new AbortController();
    session.tuning = true;
    session.failing.dismiss('tune');
    session.again.set('tune', () => void start(session, kind));
    const left = timeLeft();
    const off = processes.trainer.on('tuning', ({ done, total }) =>
      emit('progress', { job: 'tune', done, total, what: training[kind], secondsLeft: left(done, total) }),
    );
    try {
      const signal = AbortSignal.any([running.signal, session.closing]);
      const outcome = await attempt(() => fineTune(session, kind, processes, emit, signal));
      if (!outcome.ok && !signal.aborted) session.failing.failed('tune', outcome.failure, null);
      return outcome;
    } finally {
      off();
      running = null;
      session.tuning = false;
      await processes.trainer.call('tuneEnd', {});
    }
  };
  const part: BridgePart = {
    'tuning.start': async ({ project, kind }) => {
      const session = projects.session();
      return session?.project.id === project ? start(session, kind) : fail('project-missing', { project });
    },
  };
  return { part, stop: () => running?.abort() };
}

/** May throw FailureErrors. */
async function fineTune(
  session: ProjectSession,
  kind: TunedKind,
  processes: Processes,
  emit: Emit<BridgeService>,
  signal: AbortSignal,
): Promise<TuneOutcome> {
  const opened = unwrap(await session.embedding.open());
  const state = stateOfKind[kind];
  const shape = opened.card.outputs[state];
  if (!shape) return unwrap(fail('wrong-use', { reason: `${opened.card.name} gives nothing that could be fine-tuned in this way` }));
  if (session.embedding.state !== 'done') return unwrap(fail('wrong-use', { reason: 'images are still being embedded' }));
  const block = kind === 'block' ? unwrap(await processes.encoder.call('lastBlock', {})) : {};
  const pool = session.pooled();
  const labelled = session.labelledImages();
  const learnt = pool.filter(({ image }) => labelled.has(image.id));
  /** Those states of these images that are not kept. */
  const compute = async (images: readonly PooledImage[]) => {
    const names = images.map(({ name }) => name);
    const missing = new Set(unwrap(await processes.encoder.call('missing', { names, states: [state] })));
    const items = images
      .filter(({ name }) => missing.has(name))
      .map(({ image }): EmbedItem => ({ key: image.id, source: session.sourceOf(image) }));
    if (items.length > 0) unwrap(await processes.encoder.call('embed', { items, states: [state] }, { signal }));
  };
  /** What is kept under these names; what turns out to be damaged is computed once more. */
  const fetched = async (names: string[], images: readonly PooledImage[]) => {
    const kept = await processes.encoder.call('fetchStates', { state, names });
    if (kept.ok || kept.failure.code !== 'embedding-corrupt') return unwrap(kept).bits;
    await compute(images);
    return unwrap(await processes.encoder.call('fetchStates', { state, names })).bits;
  };
  /** Computes the states of these images where they are not kept yet, and hands them on in chunks. */
  const each = async (
    images: readonly PooledImage[],
    what: string,
    hand: (names: string[], bits: Uint16Array<ArrayBuffer>) => Promise<Result<void>>,
  ) => {
    for (let from = 0; from < images.length; from += PORTION) {
      emit('progress', { job: 'tune', done: from, total: images.length, what });
      const portion = images.slice(from, from + PORTION);
      const names = [...new Set(portion.map(({ name }) => name))];
      await compute(portion);
      const count = Math.max(1, Math.min(64, Math.floor(CHUNK_BYTES / (2 * shape[0] * shape[1]))));
      for (let at = 0; at < names.length; at += count) {
        if (signal.aborted) unwrap(fail('stopped'));
        emit('progress', { job: 'tune', done: from + at, total: images.length, what });
        const chunk = names.slice(at, at + count);
        unwrap(await hand(chunk, await fetched(chunk, portion)));
      }
    }
  };
  await each(learnt, 'Reading the labelled images', (names, bits) => processes.trainer.call('putStates', { names, shape, bits }));
  const outcome = unwrap(await processes.trainer.call('tune', block, { signal }));
  if (!outcome.wins) return outcome;
  await each(pool, 'Reading all images', (names, bits) => processes.trainer.call('tuneScore', { names, shape, bits }, { signal }));
  unwrap(await session.keepTuned(unwrap(await processes.trainer.call('tuneResult', {}))));
  return outcome;
}
