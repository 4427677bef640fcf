import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { BridgeService } from '../../contract/bridge';
import { EncoderCard, type TileRecipe } from '../../contract/encoder-card';
import { ok, type Result } from '../../contract/result';
import type { Emit } from '../../contract/wire';
import type { BridgePart } from '../ipc';
import type { Processes } from '../processes';
import type { SettingsStore } from '../settings';
import { setupWeights } from './weights';

export interface EncodersOptions {
  readonly profile: string;
  readonly processes: Processes;
  readonly settings: SettingsStore;
  readonly emit: Emit<BridgeService>;
}

/** The encoder library of the profile: encoders/<id>/ with model.onnx and encoder.json. */
export function setupEncoders({ profile, processes, settings, emit }: EncodersOptions): { part: BridgePart; stop: () => void } {
  const folder = join(profile, 'encoders');
  let running: AbortController | null = null;
  processes.encoder.on('converting', ({ done, total }) =>
    emit('progress', { job: 'import', done, total, what: 'Converting the checkpoint' }),
  );

  const importFile = async (checkpoint: string, crop: TileRecipe['crop'] = 'official'): Promise<Result<EncoderCard>> => {
    running?.abort();
    const stop = new AbortController();
    running = stop;
    const made = await processes.encoder.call('convert', { checkpoint, into: folder, crop, precision: 'fp32' }, { signal: stop.signal });
    if (running === stop) running = null;
    if (!made.ok) return made;
    emit('encoders', {});
    return ok(made.value.card);
  };

  const part: BridgePart = {
    'encoders.list': async () => {
      const names = await readdir(folder).catch(() => []);
      const found = await Promise.all(names.map((name) => read(join(folder, name))));
      return ok(found.flatMap((entry) => entry ?? []).sort((a, b) => a.card.name.localeCompare(b.card.name)));
    },
    'encoders.import': ({ checkpoint, crop }) => importFile(checkpoint, crop),
    ...setupWeights({
      folder: join(profile, 'downloads'),
      mirror: () => settings.get().mirror,
      emit,
      importFile,
    }),
  };
  return { part, stop: () => running?.abort() };
}

async function read(folder: string) {
  try {
    const card = EncoderCard.parse(JSON.parse(await readFile(join(folder, 'encoder.json'), 'utf8')));
    const { size } = await stat(join(folder, 'model.onnx'));
    return { card, bytes: size, builtin: card.kind === 'scattering' };
  } catch {
    // A folder that is none, or half removed: it does not belong to the library.
    return null;
  }
}
