import type { Cluster } from './intervals';

/** Right and wrong answers, counted by patient. */
export class Tally {
  readonly #groups = new Map<number, { n: number; correct: number }>();
  n = 0;
  correct = 0;

  add(group: number, right: boolean): void {
    this.#count(group, 1, right ? 1 : 0);
  }

  addAll(other: Tally): void {
    for (const [group, { n, correct }] of other.#groups) this.#count(group, n, correct);
  }

  clusters(): Cluster[] {
    return [...this.#groups.values()];
  }

  #count(group: number, n: number, correct: number): void {
    const known = this.#groups.get(group) ?? { n: 0, correct: 0 };
    this.#groups.set(group, { n: known.n + n, correct: known.correct + correct });
    this.n += n;
    this.correct += correct;
  }
}
