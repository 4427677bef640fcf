import type { Acceptance } from '../../contract/jobs/trainer';
import type { Task } from '../../contract/model';
import { clopperPearson } from '../evaluation/clopper-pearson';
import { advantage } from '../heads/evidence';
import type { OutOfFold } from '../heads/fit';
import { countStates, type Targets } from '../labels';

/** Present is proposed for acceptance from here on. */
const PRESENT = 0.9;
/** Labels of a class below which it is accepted for nobody. */
const ENOUGH = 5;
/** Whatever the limit: what is as likely there as not is never written absent. */
const LIKELY = 0.5;
/** Standard errors by which the log loss must be better than that of the prevalence alone: to begin with, and from then on. */
const [BEGINS, STAYS] = [2, 1];

/** Patients with a finding from which on a limit can be kept at all: with fewer the rank floor(a (P + 1)) is 0. */
export const neededFor = (missed: number) => Math.ceil(1 / missed - EPSILON) - 1;
/** .07 x 100 is a little more than 7, .29 x 100 a little less than 29. */
const EPSILON = 1e-9;

/**
 * Whether the model knows more of each finding than how often it is (multi-class: one answer for all): by the log loss of the out-of-fold probabilities,
 * which are those that are served. `before`: the skill of the last full round; what was skilled stays so down to one standard error, so
 * that Enter does not come and go with every label.
 */
export function skillOf({ targets, probabilities }: OutOfFold, task: Task, before: readonly boolean[] = []): boolean[] {
  const constant = constantOf({ targets, probabilities });
  const better = (finding: number | null, had: boolean) => {
    const gain = advantage(targets, task, probabilities, constant, finding);
    return gain !== null && gain.mean > (had ? STAYS : BEGINS) * gain.error;
  };
  if (task === 'multilabel') return Array.from({ length: targets.findings }, (_, f) => better(f, before[f]));
  const all = better(null, before.includes(true));
  return Array.from({ length: targets.findings }, () => all);
}

/** The prevalence among the judged cells in the place of every probability: the best that a constant can do. */
function constantOf({ targets: { findings, y }, probabilities }: OutOfFold): Float64Array {
  const present = new Float64Array(findings);
  const judged = new Float64Array(findings);
  y.forEach((state, i) => {
    if (state < 0 || Number.isNaN(probabilities[i])) return;
    const f = i % findings;
    present[f] = present[f] + state;
    judged[f] = judged[f] + 1;
  });
  return Float64Array.from(y, (_, i) => present[i % findings] / judged[i % findings]);
}

/** The least out-of-fold probability of each patient with the finding, ascending. */
export function presentOf({ targets: { findings, y, groups }, probabilities }: OutOfFold, finding: number): number[] {
  const least = new Map<number, number>();
  groups.forEach((group, i) => {
    const p = probabilities[i * findings + finding];
    if (y[i * findings + finding] === 1 && !Number.isNaN(p)) least.set(group, Math.min(least.get(group) ?? Infinity, p));
  });
  return [...least.values()].sort((a, b) => a - b);
}

/**
 * Class-conditional split conformal prediction (Vovk 2012; Sadinle et al. 2019): below the floor(a (P + 1))-th smallest of the P values of those that
 * have the finding lies another one that has it with probability a at most. Patients count once, by their least. Null where P is too small for a.
 */
export function absentThreshold(present: readonly number[], missed: number): number | null {
  const rank = Math.floor(missed * (present.length + 1) + EPSILON);
  const value = rank < 1 ? undefined : present[rank - 1];
  return value === undefined ? null : Math.min(value, LIKELY);
}

export interface AcceptanceInput {
  readonly task: Task;
  readonly outOfFold: OutOfFold;
  /** What the audit says: asked blind, one image a patient; with the probabilities that are served, [N, K] of the pool. */
  readonly audit: Targets;
  readonly probabilities: Float32Array;
  readonly missed: number;
  /** Skill as of the last full round. */
  readonly before: readonly boolean[];
}

export function acceptanceOf({ task, outOfFold, audit, probabilities, missed, before }: AcceptanceInput): Acceptance {
  const { targets } = outOfFold;
  const findings = Array.from({ length: targets.findings }, (_, f) => f);
  const skill = skillOf(outOfFold, task, before);
  const held = findings.map((f) => presentOf(outOfFold, f));
  const each = task === 'multilabel' ? skill : skill.map(() => false);
  const absent = held.map((values, f) => (each[f] ? absentThreshold(values, missed) : null));
  return {
    skill,
    enough: findings.map((f) => countStates(targets, f).present >= ENOUGH),
    present: each.map((one) => (one ? PRESENT : null)),
    absent,
    missed,
    needed: neededFor(missed),
    positives: held.map((values) => values.length),
    wrong: absent.map((limit, f) => (limit === null ? null : wrongBelow(limit, audit, probabilities, f))),
  };
}

/** Of the audited images that would have been accepted as absent, those that have the finding. */
function wrongBelow(limit: number, { rows, y, findings }: Targets, probabilities: Float32Array, f: number): Acceptance['wrong'][number] {
  const states = Array.from(rows, (row, i) => (probabilities[row * findings + f] < limit ? y[i * findings + f] : -1));
  const n = states.filter((state) => state >= 0).length;
  const wrong = states.filter((state) => state === 1).length;
  return n === 0 ? null : { n, wrong, ...clopperPearson(wrong, n) };
}
