import { mkdir, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { z } from 'zod';
import type { bridge, BridgeService } from '../../contract/bridge';
import type { ImportOutcome } from '../../contract/views';
import { EncoderCard } from '../../contract/encoder-card';
import type { ConversionStage, EncoderService } from '../../contract/jobs/encoder';
import type { ImageSource } from '../../contract/jobs/imaging';
import { fail, ok, type Result } from '../../contract/result';
import type { Emit } from '../../contract/wire';
import { Restarts, whileEnding } from '../../supervise/restarts';
import { CALIBRATION_IMAGES, spread } from '../../encoder/tiles';
import { scanFolder } from '../../imaging/scan';
import { writeFailure } from '../files/failures';
import { saveFile } from '../files/save';
import type { BridgePart } from '../ipc';
import type { Processes } from '../processes';

type Request = z.infer<(typeof bridge.methods)['encoders.import']['params']>;

type Conversion = z.infer<EncoderService['methods']['convert']['params']>;

interface Installed {
  readonly card: EncoderCard;
  readonly added: string;
}

export interface ImportingOptions {
  /** The library: a folder an encoder. */
  readonly folder: string;
  readonly processes: Pick<Processes, 'encoder'>;
  readonly emit: Emit<BridgeService>;
}

const stages: Record<ConversionStage, string> = {
  weights: 'Converting the weights',
  images: 'Reading your images',
  measuring: 'Calibrating, and measuring the error',
};

/**
 * Checkpoints on their way into the library. An encoder is made beside it and moved in when it is whole; one in
 * less than float32 waits until the person has seen what it costs.
 */
export class Importing {
  readonly #folder: string;
  readonly #staging: string;
  readonly #encoder: Processes['encoder'];
  readonly #emit: Emit<BridgeService>;
  #running: AbortController | null = null;
  #offered: EncoderCard | null = null;

  constructor({ folder, processes, emit }: ImportingOptions) {
    this.#folder = folder;
    // Not a folder of an encoder, so that the library does not see it.
    this.#staging = join(folder, '.new');
    this.#encoder = processes.encoder;
    this.#emit = emit;
    this.#encoder.on('converting', ({ done, total, stage }) => emit('progress', { job: 'import', done, total, what: stages[stage] }));
  }

  get part(): BridgePart {
    return {
      'encoders.inspect': async ({ checkpoint }) => {
        const facts = await this.#encoder.call('inspect', { checkpoint });
        if (!facts.ok) return facts;
        const here = (await this.#installed()).filter(({ card }) => card.source?.sha256 === facts.value.sha256);
        return ok({ ...facts.value, here });
      },
      'encoders.import': (request) => this.import(request),
      'encoders.keep': ({ id, keep }) => this.#decide(id, keep),
    };
  }

  stop(): void {
    this.#running?.abort();
  }

  async import(request: Request): Promise<Result<ImportOutcome>> {
    this.stop();
    const stop = new AbortController();
    this.#running = stop;
    const done = await this.#import(request, stop.signal);
    if (this.#running === stop) this.#running = null;
    return done;
  }

  async #import({ images, precision = 'fp32', ...request }: Request, signal: AbortSignal): Promise<Result<ImportOutcome>> {
    await this.#clear();
    const calibrate = precision !== 'fp32' && images !== undefined ? await this.#images(images, signal) : ok(undefined);
    if (!calibrate.ok) return calibrate;
    const wish = { ...request, precision, into: this.#staging, ...(calibrate.value ? { calibrate: calibrate.value } : {}) };
    const made = await this.#convert(wish, signal);
    if (!made.ok) {
      await this.#clear();
      return made;
    }
    const { card } = made.value;
    if (!card.quantisation) return this.#moveIn(card);
    this.#offered = card;
    return ok({ card, added: new Date().toISOString(), outcome: 'offered' });
  }

  /** Once more, with fewer images at a time, where the process of the encoder ended on the way. */
  async #convert(wish: Conversion, signal: AbortSignal): Promise<Result<{ card: EncoderCard }>> {
    return whileEnding((batch) => this.#encoder.call('convert', { ...wish, batch }, { signal }), {
      restarts: new Restarts(),
      signal,
      ending: () => this.#encoder.ending,
      onEnded: () => this.#clear(),
    });
  }

  /** Files of the folder, spread evenly, for the scales of int8 and to measure the error on. */
  async #images(folder: string, signal: AbortSignal): Promise<Result<ImageSource[]>> {
    const found: ImageSource[] = [];
    for await (const batch of scanFolder(folder, { signal })) {
      if (!batch.ok) return batch;
      for (const entry of batch.value) if (entry.kind === 'file') found.push({ file: join(folder, entry.path), frame: null });
      this.#emit('progress', { job: 'import', done: found.length, total: 0, what: 'Looking for images' });
    }
    return found.length === 0 ? fail('folder-empty', { folder }) : ok(spread(found, CALIBRATION_IMAGES));
  }

  async #decide(id: string, keep: boolean): Promise<Result<ImportOutcome | null>> {
    const card = this.#offered;
    if (card?.id !== id) return fail('encoder-missing', { encoder: id.slice(0, 12) });
    this.#offered = null;
    if (keep) return this.#moveIn(card);
    await this.#clear();
    return ok(null);
  }

  async #moveIn(card: EncoderCard): Promise<Result<ImportOutcome>> {
    const from = join(this.#staging, card.id);
    const to = join(this.#folder, card.id);
    const here = await readInstalled(to);
    try {
      if (here && !bringsHead(here.card, card)) return ok({ ...here, outcome: 'already' });
      if (here) {
        // The same encoder with another head: the model, which may be open, stays.
        for (const name of ['head.safetensors', 'head.json']) await rename(join(from, name), join(to, name));
        const { name, source, head } = card;
        const saved = await saveFile(join(to, 'encoder.json'), `${JSON.stringify({ ...here.card, name, source, head }, null, 2)}\n`);
        if (!saved.ok) return saved;
      } else {
        await rm(to, { recursive: true, force: true });
        await mkdir(this.#folder, { recursive: true });
        await rename(from, to);
      }
      this.#emit('encoders', {});
      return ok({ card, added: new Date().toISOString(), outcome: here ? 'head-added' : 'added' });
    } catch (error) {
      return writeFailure(error, to, this.#folder);
    } finally {
      await this.#clear();
    }
  }

  /** Lets go of what was made and not kept. */
  async #clear(): Promise<void> {
    this.#offered = null;
    await rm(this.#staging, { recursive: true, force: true }).catch(() => undefined);
  }

  async #installed(): Promise<Installed[]> {
    const names = await readdir(this.#folder).catch(() => []);
    return (await Promise.all(names.map((name) => readInstalled(join(this.#folder, name))))).flatMap((each) => each ?? []);
  }
}

/** Null: no whole encoder is there. */
async function readInstalled(folder: string): Promise<Installed | null> {
  try {
    const file = join(folder, 'encoder.json');
    const card = EncoderCard.parse(JSON.parse(await readFile(file, 'utf8')));
    await stat(join(folder, 'model.onnx'));
    return { card, added: (await stat(file)).mtime.toISOString() };
  } catch {
    return null;
  }
}

/** Whether the new one has a head that the one that is here has not. */
function bringsHead({ head: old }: EncoderCard, { head }: EncoderCard): boolean {
  return head !== null && (old?.task !== head.task || JSON.stringify(old?.findings) !== JSON.stringify(head.findings));
}
