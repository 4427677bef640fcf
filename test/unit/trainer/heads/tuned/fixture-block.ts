import { join } from 'node:path';
import type { LastBlock } from '../../../../../src/contract/head';
import { unwrap } from '../../../../../src/contract/result';
import { openCheckpoint } from '../../../../../src/encoder/checkpoint/checkpoint';
import { evaXModel } from '../../../../../src/encoder/eva-x/graph';
import { lastBlockOf } from '../../../../../src/encoder/eva-x/last-block';
import { findLayout } from '../../../../../src/encoder/eva-x/layout';
import { evaX } from '../../../encoder/arrays';

/** The last block of a fixture, out of the model that the encoder makes of it. */
export async function fixtureBlock(name: string): Promise<LastBlock> {
  const checkpoint = unwrap(await openCheckpoint(join(evaX, `${name}.pt`)));
  try {
    const layout = unwrap(findLayout(checkpoint.weights, checkpoint.file));
    const block = lastBlockOf(await evaXModel(layout, async (key) => unwrap(await checkpoint.read(key))));
    if (!block) throw new Error(`${name} has no last block`);
    return block;
  } finally {
    await checkpoint.close();
  }
}
