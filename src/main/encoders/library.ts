import { readdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { ProjectSummary } from '../../contract/views';
import { EncoderCard } from '../../contract/encoder-card';
import { earlierIds } from '../../contract/encoder-identity';
import { type KeptEmbeddings, type Library, type LibraryEntry, Speed } from '../../contract/library';
import { BUILTIN_ENCODER } from '../../contract/model';
import { fail, ok, type Result } from '../../contract/result';
import { storeSize } from './store-size';
import { writeFailure } from '../../files/failures';
import { saveFile } from '../../files/save';

/** Folders of the profile that hold, below an encoder's id, what was made of images with it. */
const KEPT = ['embeddings', 'tokens', 'block-inputs'] as const;

const Speeds = z.record(z.string(), Speed);

export interface LibraryOptions {
  readonly profile: string;
  readonly projects: () => Promise<readonly ProjectSummary[]>;
  readonly openProject: () => string | null;
  /** Moves to the system's bin. */
  readonly trash: (path: string) => Promise<void>;
  /** Lets go of an encoder's files. */
  readonly release: (folder: string) => Promise<Result<void>>;
}

/** The encoders of the profile: encoders/<id>/ with model.onnx and encoder.json, and what hangs on each. */
export class EncoderLibrary {
  readonly folder: string;
  readonly #options: LibraryOptions;
  readonly #speeds: string;

  constructor(options: LibraryOptions) {
    this.#options = options;
    this.folder = join(options.profile, 'encoders');
    this.#speeds = join(options.profile, 'speeds.json');
  }

  async list(): Promise<{ card: EncoderCard; bytes: number; builtin: boolean }[]> {
    const names = await readdir(this.folder).catch(() => []);
    const found = await Promise.all(names.map((name) => read(join(this.folder, name))));
    return found.flatMap((entry) => entry ?? []).sort((a, b) => a.card.name.localeCompare(b.card.name));
  }

  async library(): Promise<Library> {
    const [found, projects, speeds] = await Promise.all([this.list(), this.#options.projects(), this.#readSpeeds()]);
    const builtin = found.find((entry) => entry.builtin)?.card.id;
    const users = (id: string) => projects.filter(({ encoder }) => encoder === id || (encoder === BUILTIN_ENCODER && id === builtin));
    const open = this.#options.openProject();
    const kept = async (id: string): Promise<KeptEmbeddings> => {
      const [embeddings, ...states] = await Promise.all(KEPT.map((place) => storeSize(join(this.#options.profile, place, id))));
      return {
        encoder: id,
        bytes: [embeddings, ...states].reduce((sum, size) => sum + (size?.bytes ?? 0), 0),
        images: embeddings?.rows ?? 0,
        projects: users(id).map(({ id: project, name, images }) => ({ id: project, name, images, open: project === open })),
      };
    };
    const encoders = await Promise.all(
      found.map(async (entry): Promise<LibraryEntry> => ({
        ...entry,
        kept: await kept(entry.card.id),
        speed: [entry.card.id, ...earlierIds(entry.card.id)].flatMap((id) => speeds[id] ?? [])[0] ?? null,
      })),
    );
    const known = new Set(found.map(({ card }) => card.id));
    const stored = await Promise.all(KEPT.map((place) => readdir(join(this.#options.profile, place)).catch(() => [])));
    const wanted = projects.flatMap(({ encoder }) => (encoder === BUILTIN_ENCODER ? [] : encoder));
    const lost = [...new Set([...stored.flat().filter(isId), ...wanted])].filter((id) => !known.has(id));
    const strays = (await Promise.all(lost.map(kept))).filter(({ images, projects: left }) => images > 0 || left.length > 0);
    return { encoders, strays };
  }

  async noteSpeed(id: string, speed: Speed): Promise<void> {
    // What cannot be noted is measured again.
    await saveFile(this.#speeds, JSON.stringify({ ...(await this.#readSpeeds()), [id]: speed }, null, 2));
  }

  /** The folder of an encoder that is here. */
  async find(id: string): Promise<Result<LibraryEntry & { folder: string }>> {
    const entry = (await this.library()).encoders.find(({ card }) => card.id === id);
    return entry ? ok({ ...entry, folder: join(this.folder, id) }) : fail('encoder-missing', { encoder: id.slice(0, 12) });
  }

  async remove(id: string, { embeddings, forGood }: { embeddings: boolean; forGood: boolean }): Promise<Result<void>> {
    const found = await this.find(id);
    if (!found.ok) return found;
    const { folder, kept, builtin } = found.value;
    if (builtin) return fail('wrong-use', { reason: 'The built-in encoder cannot be removed' });
    const free = await this.#free(kept);
    if (!free.ok) return free;
    try {
      await (forGood ? rm(folder, { recursive: true, force: true }) : this.#options.trash(folder));
    } catch (error) {
      return fail('write-failed', { file: folder, reason: error instanceof Error ? error.message : String(error) });
    }
    return embeddings ? this.#removeKept(id) : ok();
  }

  async removeEmbeddings(id: string): Promise<Result<void>> {
    const { encoders, strays } = await this.library();
    const kept = [...encoders.map((entry) => entry.kept), ...strays].find(({ encoder }) => encoder === id);
    if (!kept || !isId(id)) return fail('encoder-missing', { encoder: id.slice(0, 12) });
    const free = await this.#free(kept);
    return free.ok ? this.#removeKept(id) : free;
  }

  /** Nothing that is at work is taken away. */
  async #free({ encoder, projects }: KeptEmbeddings): Promise<Result<void>> {
    const open = projects.find((project) => project.open);
    return open ? fail('encoder-in-use', { project: open.name }) : this.#options.release(join(this.folder, encoder));
  }

  async #removeKept(id: string): Promise<Result<void>> {
    for (const place of KEPT) {
      const folder = join(this.#options.profile, place, id);
      try {
        await rm(folder, { recursive: true, force: true });
      } catch (error) {
        return writeFailure(error, folder, this.#options.profile);
      }
    }
    return ok();
  }

  async #readSpeeds(): Promise<z.infer<typeof Speeds>> {
    try {
      return Speeds.parse(JSON.parse(await readFile(this.#speeds, 'utf8')));
    } catch {
      return {};
    }
  }
}

/** Only such names are ever joined to a path. */
const isId = (name: string) => /^[0-9a-f]{64}$/.test(name);

async function read(folder: string) {
  try {
    const card = EncoderCard.parse(JSON.parse(await readFile(join(folder, 'encoder.json'), 'utf8')));
    const sizes = await Promise.all((await readdir(folder)).map(async (name) => (await stat(join(folder, name))).size));
    await stat(join(folder, 'model.onnx'));
    return { card, bytes: sizes.reduce((sum, size) => sum + size, 0), builtin: card.kind === 'scattering' };
  } catch {
    // A folder that is none, or half removed: it does not belong to the library.
    return null;
  }
}
