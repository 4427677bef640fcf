import type { Suspect } from '../../contract/jobs/trainer';
import type { Task } from '../../contract/model';
import type { OutOfFold } from '../heads/fit';

/**
 * Confident learning (Northcutt, Jiang and Chuang, JAIR 2021): a class's threshold is its mean out-of-fold probability among the
 * images labelled so; a label is flagged where another class passes its own threshold and is likelier than the answer given: the mean of a rare
 * finding is far below one half, and without the second condition one label in six of five findings was flagged, for no more wrong ones found. All
 * judged labels, the most suspect first: the least probable answer leads (self-confidence). Ordering by how far the threshold is passed finds a
 * fraction of the wrong answers of a rare finding, most of which call present what is absent (test/bench/learning/README.md).
 * Only of findings on which the model has `skill` (calibration/acceptance): others it does not judge.
 */
export function suspects(outOfFold: OutOfFold, task: Task, skill: readonly boolean[]): Suspect[] {
  const out = (task === 'multiclass' ? ofClasses(outOfFold) : ofLabels(outOfFold)).filter(({ finding }) => skill[finding]);
  return out.sort((a, b) => a.probability - b.probability || b.score - a.score || a.row - b.row || a.finding - b.finding);
}

function ofClasses({ targets: { rows, findings: k, y }, probabilities }: OutOfFold): Suspect[] {
  const given = Array.from(rows, (_, i) => y.subarray(i * k, (i + 1) * k).indexOf(1));
  const thresholds = Array.from({ length: k }, (_, f) => meanOf(given.flatMap((own, i) => (own === f ? [probabilities[i * k + f]] : []))));
  return given.flatMap((own, i): Suspect[] => {
    const p = probabilities.subarray(i * k, (i + 1) * k);
    if (own < 0 || p.some(Number.isNaN)) return [];
    const above = Array.from(p, (value, f) => (f === own ? -Infinity : value - thresholds[f]));
    const probability = p[own];
    // A rare class may pass its mean by more than the likelier one does: it alone would hide that one.
    const likelier = above.map((score, f) => (p[f] > probability && score >= 0 ? score : -Infinity));
    const flagged = likelier.some((score) => score >= 0);
    const score = Math.max(...(flagged ? likelier : above));
    const claims = (flagged ? likelier : above).indexOf(score);
    const other = { finding: claims, state: 'present' as const, probability: p[claims], usual: usual(thresholds[claims]) };
    return [{ row: rows[i], finding: own, state: 'present', probability, other, score, flagged }];
  });
}

function ofLabels({ targets: { rows, findings: k, y }, probabilities }: OutOfFold): Suspect[] {
  return Array.from({ length: k }, (_, f) => {
    const judged = Array.from(rows, (row, i) => ({ row, state: y[i * k + f], p: probabilities[i * k + f] })).filter(
      ({ state, p }) => state >= 0 && !Number.isNaN(p),
    );
    const of = (state: number, p: number) => (state === 1 ? p : 1 - p);
    const threshold = [0, 1].map((side) => meanOf(judged.flatMap(({ state, p }) => (state === side ? [of(side, p)] : []))));
    return judged.map(({ row, state, p }): Suspect => {
      const score = of(1 - state, p) - threshold[1 - state];
      const [own, opposite] = state === 1 ? (['present', 'absent'] as const) : (['absent', 'present'] as const);
      const [probability, claim] = [of(state, p), of(1 - state, p)];
      const other = { finding: f, state: opposite, probability: claim, usual: usual(threshold[1 - state]) };
      return { row, finding: f, state: own, probability, other, score, flagged: score >= 0 && claim > probability };
    });
  }).flat();
}

/** A class without judged labels cannot claim anyone's. */
const NEVER = 2;
const usual = (threshold: number | undefined) => (threshold === undefined || threshold === NEVER ? null : threshold);

const meanOf = (values: readonly number[]) => {
  const known = values.filter((value) => !Number.isNaN(value));
  return known.length === 0 ? NEVER : known.reduce((a, b) => a + b, 0) / known.length;
};
