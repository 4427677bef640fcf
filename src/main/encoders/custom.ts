import { stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { EncoderService } from '../../contract/jobs/encoder';
import { fail, ok, type Result } from '../../contract/result';
import { scanFolder } from '../../imaging/scan';
import type { BridgePart } from '../ipc';
import type { Service } from '../../supervise/supervised';

type Trial = Service<EncoderService> & { close(): void };

export interface CustomOptions {
  /** A new process for each model. */
  readonly trial: () => Trial;
  /** Where encoders are kept. */
  readonly folder: string;
  /** Tells the page where the library changed. */
  readonly changing: <T>(work: Promise<Result<T>>) => Promise<Result<T>>;
}

const LIMIT_SECONDS = 120;

/** Models of others: read and tried in a process of its own, which a bad one takes with it and nothing else. */
export function setupCustom({ trial, folder, changing }: CustomOptions): { part: BridgePart; stop: () => void } {
  let running: { stop: () => void } | null = null;
  const guarded = async <T>(file: string, work: (process: Trial) => Promise<Result<T>>): Promise<Result<T>> => {
    running?.stop();
    const process = trial();
    let ended: 'stopped' | 'late' | null = null;
    const end = (why: 'stopped' | 'late') => {
      ended ??= why;
      process.close();
    };
    const job = { stop: () => end('stopped') };
    running = job;
    const timer = setTimeout(() => end('late'), LIMIT_SECONDS * 1000);
    const done = await work(process);
    clearTimeout(timer);
    process.close();
    if (running === job) running = null;
    if (done.ok || done.failure.code !== 'process-gone') return done;
    if (ended === 'stopped') return fail('stopped');
    const reason = ended === 'late' ? `it took longer than ${String(LIMIT_SECONDS)} s` : 'the process that tried it broke off';
    return fail('model-failed', { file: basename(file), reason });
  };
  return {
    part: {
      'custom.inspect': ({ file }) => guarded(file, (process) => process.call('inspectCustom', { file })),
      'custom.try': async ({ file, wish, image }) => {
        const found = await imageOf(image);
        if (!found.ok) return found;
        return guarded(file, (process) => process.call('tryCustom', { file, wish, image: { file: found.value, frame: null } }));
      },
      'custom.keep': async ({ file, wish }) => {
        const kept = await changing(guarded(file, (process) => process.call('keepCustom', { file, wish, into: folder })));
        return kept.ok ? ok(kept.value.card) : kept;
      },
    },
    stop: () => running?.stop(),
  };
}

/** The file itself or, of a folder, its first image. */
async function imageOf(path: string): Promise<Result<string>> {
  if (!(await stat(path).catch(() => null))?.isDirectory()) return ok(path);
  for await (const batch of scanFolder(path)) {
    if (!batch.ok) return batch;
    const first = batch.value.find(({ kind }) => kind === 'file');
    if (first) return ok(join(path, first.path));
  }
  return fail('folder-empty', { folder: path });
}
