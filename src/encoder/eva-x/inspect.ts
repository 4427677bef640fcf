import type { CheckpointFacts } from '../../contract/jobs/encoder';
import { attempt, unwrap, type Result } from '../../contract/result';
import { openCheckpoint } from '../checkpoint/checkpoint';
import { hashFile } from '../../files/hash';
import { compareRope, nameOf } from './convert';
import { likelyTask } from './head';
import { findLayout, sizeOf, variantOf } from './layout';
import { withPlainNames } from './names';
import { statedBeside } from './preparation';
import { GRID } from './rope';

/** What a checkpoint is, before it is converted: every name, shape and the rotary table are looked at. Failures: file-*, checkpoint-*. */
export async function inspectCheckpoint(path: string): Promise<Result<CheckpointFacts>> {
  const opened = await openCheckpoint(path);
  if (!opened.ok) return opened;
  const checkpoint = opened.value;
  try {
    return await attempt(async () => {
      const plain = unwrap(withPlainNames(checkpoint));
      const layout = unwrap(findLayout(plain.weights, plain.file));
      await compareRope(plain, layout);
      const { grid, head, width } = layout;
      const stated = grid === GRID ? { preparation: {}, from: null } : await statedBeside(path, sizeOf(layout));
      return {
        file: checkpoint.file,
        sha256: await hashFile(path),
        name: nameOf(layout),
        variant: variantOf(layout),
        d: width,
        size: sizeOf(layout),
        preparation: stated && { how: stated.preparation, from: stated.from },
        head: head && { classes: head.classes, task: likelyTask(head.classes) },
      };
    });
  } finally {
    await checkpoint.close();
  }
}
