import type { Metrics, SnapshotBase } from '../../contract/jobs/trainer';
import { StateCode } from '../../contract/jobs/trainer';
import { AUDITS_FOR_SETS, proposalSets } from '../calibration/conformal';
import { AUDITS_FOR_PRIOR } from '../calibration/prior';
import type { FittedHead } from '../heads/fit';
import { auditOf, type LabelTable, type Targets } from '../labels';
import { reserveOf } from '../../contract/reserve-draws';
import { areaOf } from './areas';
import { auditAccuracy, auditArea } from './audit';
import { compareHeads } from './comparison';
import { brier, calibrationBins, expectedCalibrationError } from './probability';
import type { Trend } from './progress';

/** Proposal sets may miss the truth in one image of ten. */
const ALPHA = 0.1;

export interface MetricsInput {
  readonly base: SnapshotBase;
  readonly table: LabelTable;
  readonly fitted: FittedHead | null;
  /** Calibrated probabilities of the pool [N, K]; empty without a head. */
  readonly probabilities: Float32Array;
  readonly prequential: Metrics['prequential'];
  readonly trend: Trend;
}

export function metrics({ base, table, fitted, probabilities, prequential, trend }: MetricsInput): Metrics {
  const audit = auditOf(base, table);
  const audited = fitted && { task: base.task, audit, probabilities };
  const held = fitted && heldOutFigures(base, fitted);
  const { groups } = reserveOf(base);
  return {
    labelled: table.labelled.length,
    prequential,
    audit: audited && auditAccuracy(audited),
    notBlind: table.notBlind,
    reserve: { patients: groups.size, asked: [...groups].filter((group) => table.asked.has(group)).length },
    calibration: held && held.calibration,
    findings: stateCounts(table).map((counts, finding) => ({
      finding,
      ...counts,
      audit: audited && auditArea(audited, finding),
      auroc: held?.areas[finding] ?? null,
    })),
    heads: held?.heads ?? [],
    lowEvidence: audit.rows.length < AUDITS_FOR_PRIOR,
    sets: fitted === null || audit.rows.length < AUDITS_FOR_SETS ? null : setsOf(base, audit, probabilities),
    ...trend,
  };
}

function setsOf({ task }: SnapshotBase, audit: Targets, probabilities: Float32Array): NonNullable<Metrics['sets']> {
  const { alpha, least, n } = proposalSets(task, audit, probabilities, ALPHA);
  return { alpha, least: [...least], n: [...n] };
}

/** What follows from a head's out-of-fold probabilities alone. */
interface HeldOut {
  readonly base: SnapshotBase;
  readonly kind: FittedHead['kind'];
  readonly calibration: Metrics['calibration'];
  readonly areas: readonly (number | null)[];
  readonly heads: ReturnType<typeof compareHeads>;
}

/** The quick rounds after a full one have its out-of-fold probabilities. */
const known = new WeakMap<FittedHead['outOfFold'], HeldOut>();

function heldOutFigures(base: SnapshotBase, fitted: FittedHead): HeldOut {
  const before = known.get(fitted.outOfFold);
  if (before?.base === base && before.kind === fitted.kind) return before;
  const made = {
    base,
    kind: fitted.kind,
    calibration: calibrationOf(base, fitted),
    areas: base.findings.map((_, finding) => areaOf(fitted.outOfFold.targets, fitted.outOfFold.probabilities, finding)?.auroc ?? null),
    heads: compareHeads(base.task, fitted),
  };
  known.set(fitted.outOfFold, made);
  return made;
}

/** Out-of-fold probabilities against the labels, all findings together. */
function calibrationOf(base: SnapshotBase, { outOfFold: { probabilities, targets } }: FittedHead): Metrics['calibration'] {
  const p: number[] = [];
  const y: number[] = [];
  for (let i = 0; i < targets.y.length; i++) {
    const state = targets.y[i];
    const value = probabilities[i];
    if (state < 0 || Number.isNaN(value)) continue;
    // Of two classes one probability says both.
    if (base.task === 'multiclass' && base.findings.length === 2 && i % 2 === 0) continue;
    p.push(value);
    y.push(state);
  }
  if (p.length === 0) return null;
  const bins = calibrationBins(p, y);
  return { n: p.length, ece: expectedCalibrationError(bins), brier: brier(p, y), bins };
}

function stateCounts({ states, labelled, findings: k }: LabelTable): { present: number; absent: number; unsure: number }[] {
  const counts = Array.from({ length: k }, () => ({ present: 0, absent: 0, unsure: 0 }));
  for (const row of labelled) {
    counts.forEach((count, f) => {
      const state = states[row * k + f];
      if (state === StateCode.present) count.present++;
      else if (state === StateCode.absent) count.absent++;
      else if (state === StateCode.unsure) count.unsure++;
    });
  }
  return counts;
}
