import { join } from 'node:path';
import type { Preprocessing } from '../../contract/encoder-card';
import type { Result } from '../../contract/result';
import { SCATTERING_POOLING } from '../../contract/scattering';
import { IdentityHash } from '../card';
import { openEncoderFolder, writeEncoderFolder, type EncoderFolder } from '../folder';
import { SCATTERING_WIDTH, scatteringModel } from './graph';
import { SIZE } from './kernels';

const preprocessing: Preprocessing = {
  tile: { crop: 'squash', resize: SIZE, size: SIZE, colour: 'luma', filter: 'pillow-bicubic' },
  normalise: { kind: 'image', epsilon: 1e-3 },
};

/** SHA-256 over the constants of the model. A test computes it wherever Collimate runs: other constants are another encoder and need another one here. */
export const CONSTANTS = 'd61f6b5483f5c8d9949abf9bbaa5c229ade3fe7d34f06cbe8c8a310490ea63ed';

/** From the recipe and a digest that is written down, so that no engine's arithmetic can change it: embeddings are kept and heads fitted under it. */
function builtinId(): string {
  const identity = new IdentityHash();
  identity.addDigest(CONSTANTS);
  return identity.finish({ preprocessing, pooling: SCATTERING_POOLING, precision: 'fp32' });
}

/** The built-in encoder below `encoders`: opened, or made first when it is not there or damaged. */
export async function ensureBuiltin(encoders: string): Promise<Result<EncoderFolder>> {
  const id = builtinId();
  const folder = join(encoders, id);
  const found = await openEncoderFolder(folder);
  if (found.ok) return found;
  return writeEncoderFolder(
    folder,
    { model: scatteringModel(), states: null },
    {
      id,
      name: 'Built-in scattering',
      kind: 'scattering',
      variant: null,
      input: { name: 'pixels', channels: 1, size: SIZE },
      preprocessing,
      pooling: SCATTERING_POOLING,
      precision: 'fp32',
      outputs: { embedding: SCATTERING_WIDTH },
      source: null,
      licence: 'Apache-2.0 (computed by Collimate, no trained weights)',
      head: null,
    },
    null,
    true,
  );
}
