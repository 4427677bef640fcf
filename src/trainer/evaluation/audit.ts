import type { Metrics } from '../../contract/jobs/trainer';
import type { Task } from '../../contract/model';
import type { Targets } from '../labels';
import { areaOf } from './areas';
import { areaInterval, clusteredWilson, type Cluster } from './intervals';

/** With fewer audits of either side the interval of an AUROC holds the truth too seldom (test/bench/honesty). */
const ENOUGH_FOR_AREA = 5;

/** What a head says of the blind audits: `audit` as labels.auditOf gives it, one image a patient, and probabilities [N, K] of the pool. */
export interface Audited {
  readonly task: Task;
  readonly audit: Targets;
  readonly probabilities: Float32Array;
}

/** Right answers: images in multi-class, cells in multi-label, of which those of one image hang together. Null: nothing was asked. */
export function auditAccuracy({ task, audit, probabilities }: Audited): Metrics['audit'] {
  const k = audit.findings;
  const clusters = Array.from(audit.rows, (row, i): Cluster => {
    const p = probabilities.subarray(row * k, (row + 1) * k);
    const y = audit.y.subarray(i * k, (i + 1) * k);
    if (task === 'multiclass') return { n: 1, correct: y[p.indexOf(Math.max(...p))] === 1 ? 1 : 0 };
    const right = Array.from(p, (value, f) => value >= 0.5 === (y[f] === 1));
    return { n: y.filter((state) => state >= 0).length, correct: right.filter((one, f) => one && y[f] >= 0).length };
  });
  const sum = (of: keyof Cluster) => clusters.reduce((total, cluster) => total + cluster[of], 0);
  const n = sum('n');
  return n === 0 ? null : { images: clusters.length, n, correct: sum('correct'), ...clusteredWilson(clusters) };
}

/** The AUROC of a finding; null where too few were asked. */
export function auditArea({ audit, probabilities }: Audited, finding: number): Metrics['findings'][number]['audit'] {
  const k = audit.findings;
  const said = Float32Array.from(audit.y, (_, i) => probabilities[audit.rows[Math.floor(i / k)] * k + (i % k)]);
  const area = areaOf(audit, said, finding, ENOUGH_FOR_AREA);
  if (!area) return null;
  const { auroc, present, absent } = area;
  return { n: present + absent, auroc, ...areaInterval(auroc, present, absent) };
}
