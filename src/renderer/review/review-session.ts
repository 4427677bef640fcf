import type { SuspectLabel } from '../../contract/views';
import { factsOf } from '../../contract/facts';
import type { Id } from '../../contract/model';
import type { Bridge } from '../app/environment';
import { Signal } from '../app/signal';
import { cellOf, type Labels } from '../labels/labels';
import { standingOf, type Standing } from './evidence';

export interface Suspects {
  /** Labels that could be judged out of fold. */
  readonly judged: number;
  readonly flagged: number;
  readonly suspects: readonly SuspectLabel[];
}

/** Suspects of one patient stand together; where the patient is not known, those of one image. */
export interface Group {
  /** Null: the patient is not known. */
  readonly patient: string | null;
  /** Place of its first suspect in the whole list. */
  readonly first: number;
  readonly suspects: readonly SuspectLabel[];
}

export interface ReviewView {
  /** What is listed. Stays as it is, with what became of each, until the person asks for the newest. */
  readonly groups: readonly Group[];
  /** The suspect that is shown, by its place in the list; -1: none. */
  readonly at: number;
}

export const keyOf = ({ image, finding }: SuspectLabel): string => `${image} ${finding}`;
export const listed = ({ groups }: ReviewView): SuspectLabel[] => groups.flatMap(({ suspects }) => [...suspects]);

/** The person's way through the suspect labels. New rounds change `newest`, never the list that is being worked on. */
export class ReviewSession {
  readonly newest = new Signal<Suspects | null>(null);
  readonly view = new Signal<ReviewView>({ groups: [], at: -1 });
  readonly #bridge: Bridge;
  readonly #project: Id;
  readonly #labels: Labels;
  #asked = 0;

  constructor(bridge: Bridge, project: Id, labels: Labels) {
    this.#bridge = bridge;
    this.#project = project;
    this.#labels = labels;
  }

  get current(): SuspectLabel | null {
    const view = this.view.get();
    return listed(view)[view.at] ?? null;
  }

  standing(suspect: SuspectLabel): Standing {
    return standingOf(suspect, cellOf(this.#labels.of(suspect.image), suspect.finding));
  }

  /** Suspects of the newest round that nobody has decided on. */
  open(): SuspectLabel[] {
    return (this.newest.get()?.suspects ?? []).filter((suspect) => this.standing(suspect) === 'open');
  }

  /** After a full round. */
  async refresh(): Promise<void> {
    const turn = ++this.#asked;
    const found = await this.#bridge.call('review.suspects', { project: this.#project });
    if (!found.ok || turn !== this.#asked) return;
    // An image of the audit's reserve is shown with no opinion of the model, whatever it once was labelled.
    const suspects = found.value.suspects.filter(({ image }) => !this.#labels.of(image).reserved);
    this.newest.set({ ...found.value, suspects });
    if (listed(this.view.get()).every((suspect) => this.standing(suspect) !== 'open')) this.takeNewest();
  }

  /** Open suspects that the list does not hold: what "show the newest" would bring. */
  unlisted(): number {
    const known = new Set(listed(this.view.get()).map(keyOf));
    return this.open().filter((suspect) => !known.has(keyOf(suspect))).length;
  }

  /** The list becomes the newest one, without what is decided; the suspect that is shown stays shown. */
  takeNewest(): void {
    const shown = this.current;
    const groups = grouped(this.open(), (image) => {
      const record = this.#labels.record(image);
      return record && factsOf(record).patient;
    });
    const all = groups.flatMap(({ suspects }) => suspects);
    const place = shown === null ? -1 : all.findIndex((suspect) => keyOf(suspect) === keyOf(shown));
    this.view.set({ groups, at: all.length === 0 ? -1 : Math.max(0, place) });
  }

  show(at: number): void {
    this.view.update((view) => ({ ...view, at: Math.min(listed(view).length - 1, Math.max(0, at)) }));
  }

  /** After undo: where the image is listed. */
  showImage(image: Id): void {
    const at = listed(this.view.get()).findIndex((suspect) => suspect.image === image);
    if (at >= 0) this.show(at);
  }

  /** To the next one that is open, from the beginning after the last. False: none is left. */
  next(): boolean {
    const view = this.view.get();
    const all = listed(view);
    for (let step = 1; step <= all.length; step++) {
      const at = (view.at + step) % all.length;
      const suspect = all[at];
      if (suspect && at !== view.at && this.standing(suspect) === 'open') {
        this.show(at);
        return true;
      }
    }
    return false;
  }
}

/** By patient, the patient with the most suspect label first. `suspects`: the most suspect first. */
function grouped(suspects: readonly SuspectLabel[], patientOf: (image: Id) => string | null): Group[] {
  const groups = new Map<string, { patient: string | null; suspects: SuspectLabel[] }>();
  for (const suspect of suspects) {
    const patient = patientOf(suspect.image);
    const key = patient ?? suspect.image;
    const group = groups.get(key);
    if (group) group.suspects.push(suspect);
    else groups.set(key, { patient, suspects: [suspect] });
  }
  let first = 0;
  return [...groups.values()].map((group) => {
    const placed = { ...group, first };
    first += group.suspects.length;
    return placed;
  });
}
