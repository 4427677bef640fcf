import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { defaultSettings } from '../../../src/contract/jobs/trainer';
import { buildBasis } from '../../../src/trainer/basis';
import { protocol, type Split, type Truth } from '../../../src/trainer/evaluation/simulate';
import { matrix, takeRows, type Matrix } from '../../../src/trainer/matrix';
import { holdOut } from '../../../src/trainer/splits';
import { truthOf, type Sources, type TaskCard } from '../learning/tasks';

/** A task in the feature space of its whole set. */
export interface Pool {
  readonly truth: Truth;
  readonly features: Matrix;
}

const known = new Map<string, Pool>();

/**
 * The features of a task's images, kept beside the embeddings: one basis for all splits, where the app makes one of each pool. It knows no label, and
 * with a basis for each of hundreds of splits the bench would take ten times as long.
 */
export async function poolOf({ root, folder }: Sources, card: TaskCard): Promise<Pool> {
  const before = known.get(card.name);
  if (before) return before;
  const truth = await truthOf({ root, folder: folder.replace(/honesty$/, 'learning') }, card);
  const file = join(folder, `${card.name.replaceAll(/[^\w]+/g, '-')}.features`);
  if (!existsSync(file)) {
    const { features } = await buildBasis(truth.embeddings, 0, defaultSettings.components, { pooling: truth.pooling });
    writeFileSync(file, new Uint8Array(features.data.buffer, features.data.byteOffset, features.data.byteLength));
  }
  const data = new Float32Array(Uint8Array.from(readFileSync(file)).buffer);
  const made = { truth, features: matrix(truth.embeddings.rows, data.length / truth.embeddings.rows, data) };
  known.set(card.name, made);
  return made;
}

/** As simulate's, with the features in the place of the embeddings. */
export function splitOf({ truth, features }: Pool, seed: number): Split {
  const { pool, held } = holdOut(truth.groups, protocol.held, seed);
  const rows = takeRows(features, pool);
  const d = features.columns;
  const transform = { mean: new Float32Array(d), scale: new Float32Array(d).fill(1), projection: null, unit: true };
  return { seed, pool, held, embeddings: rows, basis: { transform, features: rows }, judged: takeRows(features, held) };
}
