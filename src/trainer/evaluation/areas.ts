import type { Targets } from '../labels';
import { auroc } from './ranking';

/** With fewer labels than this on either side an AUROC is not shown. */
const ENOUGH = 5;

/** The AUROC of one finding by probabilities [n, findings] (NaN: not judged), with the numbers it is from; null with too few of a side. */
export function areaOf({ findings: k, y }: Targets, probabilities: ArrayLike<number>, finding: number, enough = ENOUGH) {
  const scores: number[] = [];
  const states: number[] = [];
  for (let i = finding; i < y.length; i += k) {
    if (y[i] < 0 || Number.isNaN(probabilities[i])) continue;
    scores.push(probabilities[i]);
    states.push(y[i]);
  }
  const present = states.reduce((sum, state) => sum + state, 0);
  const absent = states.length - present;
  const value = present < enough || absent < enough ? null : auroc(scores, states);
  return value === null ? null : { auroc: value, present, absent };
}
