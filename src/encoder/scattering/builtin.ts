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

/** The built-in encoder below `encoders`: opened, or made first when it is not there or damaged. */
export async function ensureBuiltin(encoders: string): Promise<Result<EncoderFolder>> {
  const model = scatteringModel();
  const identity = new IdentityHash();
  const weights = model.graph.constants.filter(({ data }) => data instanceof Float32Array);
  for (const { name, shape, data } of [...weights].sort((a, b) => (a.name < b.name ? -1 : 1))) {
    identity.add({ name, shape, data: data as Float32Array });
  }
  const id = identity.finish({ preprocessing, pooling: SCATTERING_POOLING, precision: 'fp32' });
  const folder = join(encoders, id);
  const found = await openEncoderFolder(folder);
  if (found.ok) return found;
  return writeEncoderFolder(
    folder,
    { model, states: null },
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
