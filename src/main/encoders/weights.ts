import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { BridgeService } from '../../contract/bridge';
import type { EncoderCard } from '../../contract/encoder-card';
import { fail, ok, type Failure, type Result } from '../../contract/result';
import { type Weights, WeightsName } from '../../contract/weights';
import type { Emit } from '../../contract/wire';
import { download, forget, unfinished } from '../../download/download';
import { proxyFor } from '../../download/request';
import { HUGGING_FACE, weightsOf } from '../../download/weights';
import { writeFailure } from '../../files/failures';
import { sizeOf } from '../../files/look';
import type { BridgePart } from '../ipc';
import { Rate } from '../projects/rate';

export interface WeightsOptions {
  /** Where downloaded files lie. */
  readonly folder: string;
  /** An address in place of Hugging Face's; '' for none. */
  readonly mirror: () => string;
  readonly emit: Emit<BridgeService>;
  readonly importFile: (checkpoint: string) => Promise<Result<EncoderCard>>;
}

type News = Pick<Weights, 'state' | 'done' | 'total'> & Partial<Pick<Weights, 'rate' | 'secondsLeft' | 'hosts' | 'failure' | 'encoder'>>;

const TELL_MS = 200;

/** The published weights: asked for only when the person does, gone on with after any interruption, then imported. */
export function setupWeights({ folder, mirror, emit, importFile }: WeightsOptions): BridgePart {
  const running = new Map<WeightsName, { stop: AbortController; latest: Weights }>();
  /** Why the last try ended, who was asked, and what was made of it. */
  const outcomes = new Map<WeightsName, Pick<News, 'failure' | 'encoder' | 'hosts'>>();
  const published = (name: WeightsName) => weightsOf(name, mirror() || HUGGING_FACE);
  const fileOf = (name: WeightsName) => join(folder, published(name).file);

  const compose = (name: WeightsName, news: News): Weights => {
    const { title, file, url } = published(name);
    return {
      name,
      title,
      file,
      url,
      rate: null,
      secondsLeft: null,
      hosts: [],
      failure: null,
      encoder: null,
      ...outcomes.get(name),
      ...news,
    };
  };
  const atRest = async (name: WeightsName): Promise<Weights> => {
    const whole = await sizeOf(fileOf(name));
    if (whole > 0) return compose(name, { state: 'whole', done: whole, total: whole });
    const part = await unfinished(fileOf(name));
    const about = published(name).bytes;
    return compose(name, part ? { state: 'part', ...part, total: part.total || about } : { state: 'absent', done: 0, total: about });
  };

  const get = async (name: WeightsName): Promise<Result<EncoderCard>> => {
    if (running.has(name)) return fail('wrong-use', { reason: 'It is being downloaded already' });
    outcomes.delete(name);
    const job = { stop: new AbortController(), latest: compose(name, { state: 'asking', done: 0, total: published(name).bytes }) };
    running.set(name, job);
    const tell = (news: Partial<Weights>) => {
      job.latest = { ...job.latest, ...news };
      emit('weights', job.latest);
    };
    const result = await getAndImport(name, job.stop.signal, tell);
    running.delete(name);
    outcomes.set(name, { failure: failureOf(result), encoder: result.ok ? result.value.id : null, hosts: job.latest.hosts });
    emit('weights', await atRest(name));
    return result;
  };

  const getAndImport = async (
    name: WeightsName,
    signal: AbortSignal,
    tell: (news: Partial<Weights>) => void,
  ): Promise<Result<EncoderCard>> => {
    const file = fileOf(name);
    if ((await sizeOf(file)) === 0) {
      try {
        await mkdir(folder, { recursive: true });
      } catch (error) {
        return writeFailure(error, file, folder);
      }
      const part = await unfinished(file);
      tell({ state: 'asking', ...(part ? { done: part.done, total: part.total || published(name).bytes } : {}) });
      const news = newsOf(tell);
      const fetched = await download({ url: published(name).url, file, signal, ...news });
      news.end();
      if (!fetched.ok) return fetched;
    }
    const bytes = await sizeOf(file);
    tell({ state: 'importing', done: bytes, total: bytes, rate: null, secondsLeft: null });
    return importFile(file);
  };

  return {
    'weights.list': async () => {
      const proxy = proxyFor(new URL(mirror() || HUGGING_FACE), process.env)?.host ?? null;
      const weights = await Promise.all(WeightsName.options.map(async (name) => running.get(name)?.latest ?? (await atRest(name))));
      return ok({ weights, proxy });
    },
    'weights.get': ({ name }) => get(name),
    'weights.pause': ({ name }) => {
      running.get(name)?.stop.abort();
      return Promise.resolve(ok());
    },
    'weights.discard': async ({ name }) => {
      if (running.has(name)) return fail('wrong-use', { reason: 'It is being downloaded; stop that first' });
      outcomes.delete(name);
      try {
        await rm(fileOf(name), { force: true });
      } catch (error) {
        return writeFailure(error, fileOf(name), folder);
      }
      await forget(fileOf(name));
      emit('weights', await atRest(name));
      return ok();
    },
  };
}

/** What a download tells, every 200 ms while bytes come. `end` it before anything else is told. */
function newsOf(tell: (news: Partial<Weights>) => void) {
  const rate = new Rate(Date.now, Infinity);
  const hosts: string[] = [];
  let before: number | null = null;
  let due: NodeJS.Timeout | null = null;
  let latest = { done: 0, total: 0 };
  const end = () => {
    if (due) clearTimeout(due);
    due = null;
  };
  return {
    onHost: (host: string) => {
      if (!hosts.includes(host)) hosts.push(host);
      tell({ hosts: [...hosts] });
    },
    onProgress: (done: number, total: number) => {
      latest = { done, total };
      due ??= setTimeout(() => {
        due = null;
        // The first report is of what lay there already.
        if (before !== null) rate.add(latest.done - before);
        before = latest.done;
        const left = latest.total - latest.done;
        tell({ state: 'running', ...latest, rate: rate.perSecond(), secondsLeft: rate.secondsFor(left), failure: null });
      }, TELL_MS);
    },
    onRetry: (failure: Failure) => {
      end();
      rate.reset();
      before = null;
      tell({ state: 'retrying', ...(latest.total > 0 ? latest : {}), failure, rate: null, secondsLeft: null });
    },
    end,
  };
}

/** That the person stopped it is no failure. */
const failureOf = (result: Result<unknown>): Failure | null => (result.ok || result.failure.code === 'stopped' ? null : result.failure);
