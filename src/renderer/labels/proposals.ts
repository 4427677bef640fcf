import type { PoolView, RoundView } from '../../contract/views';
import type { QueueEntry } from '../../contract/jobs/trainer';
import type { Finding, Id, Project } from '../../contract/model';
import { Signal, type Readable } from '../app/signal';
import type { Probabilities, Rule } from './answers';

export interface QueuedImage {
  readonly image: Id;
  readonly entry: QueueEntry;
}

/** Of a finding whose proposals are those of the encoder's own file: as they came, or adjusted to the labels. */
export type FromFile = 'unchecked' | 'adjusted';

/** How a head's file says that it has not learnt a finding: too few labels, no label, not one of the encoder's own. */
const CONSTANT: ReadonlySet<string> = new Set(['prior', 'unseen', 'unknown']);

/** The newest round, with rows as images. A round whose pool has not arrived yet waits for it. */
export class Proposals {
  readonly round = new Signal<RoundView | null>(null);
  readonly #project: Readable<Project>;
  readonly #isReserved: (image: Id) => boolean;
  #pool: PoolView | null = null;
  #waiting: RoundView | null = null;
  #rows = new Map<Id, number>();
  #queue: readonly QueuedImage[] = [];
  #entries = new Map<Id, QueueEntry>();
  #cache = new Map<Id, Probabilities | null>();
  #columns: readonly { readonly finding: Id; readonly column: number }[] = [];

  /** Of images for which `isReserved` holds nothing is given out: the one place that keeps them blind, whoever asks. */
  constructor(project: Readable<Project>, isReserved: (image: Id) => boolean) {
    this.#project = project;
    this.#isReserved = isReserved;
  }

  receivePool(pool: PoolView): void {
    this.#pool = pool;
    this.#rows = new Map(pool.images.map((image, row) => [image, row]));
    if (this.#waiting?.pool === pool.pool) this.receiveRound(this.#waiting);
  }

  receiveRound(round: RoundView): void {
    if (this.#pool?.pool !== round.pool) {
      this.#waiting = round;
      return;
    }
    this.#waiting = null;
    const { images } = this.#pool;
    this.#queue = round.queue.flatMap((entry) => {
      const image = images[entry.row];
      return image === undefined ? [] : [{ image, entry }];
    });
    // Reasons of earlier rounds stay with the images that are still on screen.
    this.#entries = new Map([...[...this.#entries].slice(-500), ...this.#queue.map(({ image, entry }) => [image, entry] as const)]);
    this.#cache.clear();
    this.#columns = columnsOf(round, this.#project.get().findings);
    this.round.set(round);
  }

  /** In the order of the newest round; empty before the first. */
  queue(): readonly QueuedImage[] {
    return this.#queue;
  }

  /** Why the image is or was in the queue. */
  entry(image: Id): QueueEntry | null {
    return this.#entries.get(image) ?? null;
  }

  /** Whether the ranking asked, or asks, for the image as an audit. */
  asksBlind(image: Id): boolean {
    return this.#isReserved(image) && this.entry(image)?.audit === true;
  }

  /** The same object until the next round; null for an image of the audit's reserve. */
  readonly of = (image: Id): Probabilities | null => {
    if (this.#isReserved(image)) return null;
    const known = this.#cache.get(image);
    if (known !== undefined) return known;
    const made = this.#read(image);
    this.#cache.set(image, made);
    return made;
  };

  /** Where the head has its figures of a finding; null: it was not fitted on it. */
  readonly columnOf = (finding: Id): number | null => this.#columns.find((each) => each.finding === finding)?.column ?? null;

  /** What Enter may take over of a finding; null: nothing. */
  readonly ruleOf = (finding: Id): Rule | null => {
    const acceptance = this.round.get()?.acceptance;
    const column = this.columnOf(finding);
    if (!acceptance || column === null) return null;
    const { skill, enough, present, absent } = acceptance;
    return {
      skill: skill[column] ?? false,
      enough: enough[column] ?? false,
      present: present[column] ?? null,
      absent: absent[column] ?? null,
    };
  };

  /** Whether the head that came with the encoder's file speaks for a finding, and whether it was adjusted to labels. */
  readonly fromFile = (finding: Id): FromFile | null => {
    const head = this.round.get()?.head;
    const column = this.columnOf(finding);
    if (!head?.ready || column === null || !head.ready.findings[column]) return null;
    return head.calibration.perFinding[column] === 'none' ? 'unchecked' : 'adjusted';
  };

  /** Whether the head has learnt the finding, rather than naming it with a constant. */
  knows(finding: Id): boolean {
    const column = this.columnOf(finding);
    if (column === null) return false;
    return !CONSTANT.has(this.round.get()?.head?.calibration.perFinding[column] ?? '');
  }

  /** The id of the head that stands behind `of`. */
  head(): string | null {
    return this.round.get()?.head?.id ?? null;
  }

  #read(image: Id): Probabilities | null {
    const round = this.round.get();
    const row = this.#rows.get(image);
    if (!round?.head || row === undefined) return null;
    const width = round.head.findings.length;
    const found = new Map<Id, number>();
    for (const { finding, column } of this.#columns) {
      const p = round.probabilities[row * width + column];
      if (p !== undefined && Number.isFinite(p)) found.set(finding, p);
    }
    return found.size === 0 ? null : found;
  }
}

/** Columns are named in the head; a finding that was renamed since keeps its place if the number of findings is the same. */
function columnsOf(round: RoundView, findings: readonly Finding[]): { finding: Id; column: number }[] {
  const names = round.head?.findings ?? [];
  return findings.flatMap(({ id, name }, place) => {
    const named = names.indexOf(name);
    const column = named >= 0 ? named : names.length === findings.length ? place : -1;
    return column < 0 || saysNothing(round, column) ? [] : [{ finding: id, column }];
  });
}

/**
 * Of a finding that no head knows there is nothing to show, nor (multi-label) of one whose labels are all of one side: the same odds for every
 * image are nobody's opinion of this one.
 */
function saysNothing({ head }: RoundView, column: number): boolean {
  const calibration = head?.calibration.perFinding[column];
  return calibration === 'unknown' || calibration === 'prior';
}
