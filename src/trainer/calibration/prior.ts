import type { Task } from '../../contract/model';
import { countStates, type Targets } from '../labels';
import type { Calibration } from './calibrate';

/** From so many audit draws on the pool's prevalence is taken from them. */
export const AUDITS_FOR_PRIOR = 30;

export interface Prior {
  readonly source: 'audit' | 'labels';
  /** Prevalence of each finding. */
  readonly values: readonly number[];
  readonly n: number;
}

/** Prevalence with a Beta(1, 1) prior added (multi-class: a symmetric Dirichlet). */
function prevalence(targets: Targets, task: Task, finding: number): number {
  const { present, absent } = countStates(targets, finding);
  return (present + 1) / (present + absent + (task === 'multiclass' ? targets.findings : 2));
}

const prevalences = (targets: Targets, task: Task) => Array.from({ length: targets.findings }, (_, f) => prevalence(targets, task, f));

export function choosePrior(train: Targets, audit: Targets, task: Task): Prior {
  if (audit.rows.length >= AUDITS_FOR_PRIOR) return { source: 'audit', values: prevalences(audit, task), n: audit.rows.length };
  return { source: 'labels', values: prevalences(train, task), n: train.rows.length };
}

/**
 * Puts the pool's prevalence in the place of the labelled one where the offset is nothing but that. Platt's offset stays: the queue
 * chooses by what an image looks like, never by its answer, so that what a logit means is the same among labels and pool, while
 * their prevalences differ; moving it by the ratio of prevalences (Saerens et al. 2002) would count the difference twice.
 */
export function applyPrior(calibration: Calibration, prior: Prior, train: Targets, task: Task): Float64Array {
  const offset = Float64Array.from(calibration.offset);
  if (prior.source === 'labels') return offset;
  const labelled = prevalences(train, task);
  const odds = (p: number) => (task === 'multiclass' ? Math.log(p) : Math.log(p / (1 - p)));
  for (let f = 0; f < offset.length; f++) {
    if (calibration.perFinding[f] === 'platt') continue;
    offset[f] = offset[f] + odds(prior.values[f] ?? 0.5) - odds(labelled[f] ?? 0.5);
  }
  return offset;
}
