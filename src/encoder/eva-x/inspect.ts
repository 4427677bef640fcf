import type { CheckpointFacts } from '../../contract/jobs/encoder';
import { attempt, unwrap, type Result } from '../../contract/result';
import { openCheckpoint } from '../checkpoint/checkpoint';
import { hashFile } from '../../files/hash';
import { compareRope, nameOf } from './convert';
import { headOfSize } from './head';
import { findLayout, variantOf } from './layout';

/** What a checkpoint is, before it is converted: every name, shape and the rotary table are looked at. Failures: file-*, checkpoint-*. */
export async function inspectCheckpoint(path: string): Promise<Result<CheckpointFacts>> {
  const opened = await openCheckpoint(path);
  if (!opened.ok) return opened;
  const checkpoint = opened.value;
  try {
    return await attempt(async () => {
      const layout = unwrap(findLayout(checkpoint.weights, checkpoint.file));
      await compareRope(checkpoint);
      const { classes, width } = layout;
      const known = classes === null ? null : headOfSize(classes);
      return {
        file: checkpoint.file,
        sha256: await hashFile(path),
        name: nameOf(layout),
        variant: variantOf(layout),
        d: width,
        head: classes === null || !known ? null : { classes, findings: known.findings && [...known.findings], task: known.task },
      };
    });
  } finally {
    await checkpoint.close();
  }
}
