import type { Metrics, SnapshotBase } from '../../contract/jobs/trainer';
import { StateCode } from '../../contract/jobs/trainer';
import { AUDITS_FOR_SETS, proposalSets } from '../calibration/conformal';
import { AUDITS_FOR_PRIOR } from '../calibration/prior';
import type { FittedHead } from '../heads/fit';
import { targetsOf, type LabelTable, type Targets } from '../labels';
import { compareHeads } from './comparison';
import { clusteredWilson, hanleyMcNeil } from './intervals';
import { brier, calibrationBins, expectedCalibrationError } from './probability';
import type { Trend } from './progress';
import { Tally } from './tally';
import { auroc } from './ranking';

/** With fewer labels than this on either side an AUROC is not shown. */
const ENOUGH = 5;
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
  const audit = targetsOf(base, table, table.audit);
  const held = fitted === null ? null : heldOutFigures(base, fitted);
  return {
    labelled: table.labelled.length,
    prequential,
    audit: fitted === null || audit.rows.length === 0 ? null : auditAccuracy(base, audit, probabilities),
    calibration: held?.calibration ?? null,
    findings: stateCounts(table).map((counts, finding) => ({ finding, ...counts, ...(held?.areas[finding] ?? noArea) })),
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

/** Right answers on rows the head was never trained on: images in multi-class, cells in multi-label. */
function auditAccuracy(base: SnapshotBase, audit: Targets, probabilities: Float32Array): Metrics['audit'] {
  const k = audit.findings;
  const tally = new Tally();
  audit.rows.forEach((row, i) => {
    const group = audit.groups[i];
    const p = probabilities.subarray(row * k, (row + 1) * k);
    if (base.task === 'multiclass') return tally.add(group, audit.y[i * k + p.indexOf(Math.max(...p))] === 1);
    p.forEach((value, f) => {
      const state = audit.y[i * k + f];
      if (state >= 0) tally.add(group, value >= 0.5 === (state === 1));
    });
  });
  return tally.n === 0 ? null : { n: tally.n, correct: tally.correct, ...clusteredWilson(tally.clusters()) };
}

type Area = Pick<Metrics['findings'][number], 'auroc' | 'aurocLow' | 'aurocHigh'>;
const noArea: Area = { auroc: null, aurocLow: null, aurocHigh: null };

/** What follows from a head's out-of-fold probabilities alone. */
interface HeldOut {
  readonly base: SnapshotBase;
  readonly kind: FittedHead['kind'];
  readonly calibration: Metrics['calibration'];
  readonly areas: readonly Area[];
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
    areas: base.findings.map((_, finding) => areaOf(fitted, finding)),
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

function areaOf({ outOfFold: { targets, probabilities } }: FittedHead, finding: number): Area {
  const scores: number[] = [];
  const y: number[] = [];
  for (let i = finding; i < targets.y.length; i += targets.findings) {
    if (targets.y[i] < 0 || Number.isNaN(probabilities[i])) continue;
    scores.push(probabilities[i]);
    y.push(targets.y[i]);
  }
  const present = y.reduce((sum, state) => sum + state, 0);
  const value = present < ENOUGH || y.length - present < ENOUGH ? null : auroc(scores, y);
  if (value === null) return noArea;
  const { low, high } = hanleyMcNeil(value, present, y.length - present);
  return { auroc: value, aurocLow: low, aurocHigh: high };
}
