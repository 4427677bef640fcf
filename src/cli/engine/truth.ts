import { StateCode } from '../../contract/jobs/trainer';
import type { Truth } from '../../trainer/evaluation/simulate';
import { takeRows } from '../../trainer/matrix';
import type { Snapshot } from '../../trainer/labels';
import type { Pool } from './pool';

/** A labelled pool as the truth of a simulation: the images that have an answer, and no others. */
export function truthOf(name: string, pool: Pool, { base, labels }: Snapshot): Truth {
  const k = base.findings.length;
  const states = new Int8Array(pool.images.length * k).fill(StateCode.none);
  for (const { row, finding, state } of labels)
    if (state === StateCode.present || state === StateCode.absent) states[row * k + finding] = state;
  const known = Int32Array.from({ length: pool.images.length }, (_, row) => row).filter((row) =>
    states.subarray(row * k, (row + 1) * k).some((state) => state !== StateCode.none),
  );
  return {
    name,
    task: base.task,
    findings: base.findings,
    pooling: base.pooling,
    embeddings: takeRows(pool.vectors, known),
    states: Int8Array.from([...known].flatMap((row) => [...states.subarray(row * k, (row + 1) * k)])),
    groups: known.map((row) => base.groups[row] ?? row),
  };
}
