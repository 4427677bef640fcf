import type { Task } from '../../contract/model';
import type { OutOfFold } from '../heads/fit';

/** A label that the images of other patients speak against. */
export interface Suspect {
  readonly row: number;
  /** Multi-class: the class that was given; multi-label: the finding. */
  readonly finding: number;
  readonly state: 'present' | 'absent';
  /** Out-of-fold probability of what was answered. */
  readonly probability: number;
  /** How far the probability of another answer lies above what that answer's own labels reach on average; the larger, the more suspect. */
  readonly score: number;
  /** Confident learning's verdict: another answer's probability passes that mean. */
  readonly flagged: boolean;
}

/**
 * Confident learning (Northcutt, Jiang and Chuang, JAIR 2021): a class's threshold is its mean out-of-fold probability among the
 * images labelled so; a label is flagged where another class passes its own threshold. All judged labels, the most suspect first.
 */
export function suspects({ targets, probabilities }: OutOfFold, task: Task): Suspect[] {
  const out = task === 'multiclass' ? ofClasses({ targets, probabilities }) : ofLabels({ targets, probabilities });
  return out.sort((a, b) => b.score - a.score || a.row - b.row || a.finding - b.finding);
}

function ofClasses({ targets: { rows, findings: k, y }, probabilities }: OutOfFold): Suspect[] {
  const given = Array.from(rows, (_, i) => y.subarray(i * k, (i + 1) * k).indexOf(1));
  const thresholds = Array.from({ length: k }, (_, f) =>
    meanOf(given.flatMap((own, i) => (own === f ? [probabilities[i * k + f] as number] : []))),
  );
  return given.flatMap((own, i): Suspect[] => {
    const p = probabilities.subarray(i * k, (i + 1) * k);
    if (own < 0 || p.some(Number.isNaN)) return [];
    const score = Math.max(...Array.from(p, (value, f) => (f === own ? -Infinity : value - (thresholds[f] as number))));
    return [{ row: rows[i] as number, finding: own, state: 'present', probability: p[own] as number, score, flagged: score >= 0 }];
  });
}

function ofLabels({ targets: { rows, findings: k, y }, probabilities }: OutOfFold): Suspect[] {
  return Array.from({ length: k }, (_, f) => {
    const judged = Array.from(rows, (row, i) => ({ row, state: y[i * k + f] as number, p: probabilities[i * k + f] as number })).filter(
      ({ state, p }) => state >= 0 && !Number.isNaN(p),
    );
    const of = (state: number, p: number) => (state === 1 ? p : 1 - p);
    const threshold = [0, 1].map((side) => meanOf(judged.flatMap(({ state, p }) => (state === side ? [of(side, p)] : []))));
    return judged.map(({ row, state, p }): Suspect => {
      const score = of(1 - state, p) - (threshold[1 - state] as number);
      return { row, finding: f, state: state === 1 ? 'present' : 'absent', probability: of(state, p), score, flagged: score >= 0 };
    });
  }).flat();
}

/** A class without judged labels cannot claim anyone's. */
const meanOf = (values: readonly number[]) => {
  const known = values.filter((value) => !Number.isNaN(value));
  return known.length === 0 ? 2 : known.reduce((a, b) => a + b, 0) / known.length;
};
