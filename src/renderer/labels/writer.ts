import type { CellRequest } from '../../contract/views';
import type { Action, CellValue, Id, Kept, LabelSource } from '../../contract/model';
import type { Failure, Result } from '../../contract/result';
import type { Bridge } from '../app/environment';
import { Signal } from '../app/signal';
import type { Answer } from './answers';
import { askedView, cellOf, type Labels } from './labels';
import type { Proposals } from './proposals';
import { Unsaved, type Asked } from './unsaved';

export interface SaveState {
  /** Actions sent and not acknowledged. */
  readonly waiting: number;
  /** Images in the largest of them since all was saved. */
  readonly images: number;
  /** Images with an answer that was refused and has not been saved since. */
  readonly unsaved: readonly Id[];
  /** Why the last of them was refused; null while all is saved. */
  readonly reason: Failure | null;
}

/** How the person came to an answer. */
export interface Manner {
  readonly source: LabelSource;
  /**
   * The probability was on the screen when the person answered, so it is noted beside the label (a score next to a label biases; without the
   * note that could not be measured).
   */
  readonly shown: boolean;
  /** In the large view of the queue, which asks an image of the audit's reserve blind. */
  readonly asked?: boolean;
  readonly by?: CellValue['by'];
}

interface Listener {
  /** Every acknowledged action, in the order of the answers. */
  acknowledged(action: Action): void;
  /** Answers were not saved. `images`: whose labels are as they were before. */
  refused(images: readonly Id[]): void;
  /** Undo or redo was not possible. */
  notStepped(failure: Failure, kind: 'undo' | 'redo'): void;
}

/** Sends actions to main. Saved is what main has acknowledged; until then a cell is shown as pending. */
export class LabelWriter {
  readonly save = new Signal<SaveState>({ waiting: 0, images: 0, unsaved: [], reason: null });
  readonly #bridge: Bridge;
  readonly #project: Id;
  readonly #labels: Labels;
  readonly #proposals: Proposals;
  readonly #listener: Listener;
  readonly #unsaved = new Unsaved();
  #stepping = 0;

  constructor(bridge: Bridge, project: Id, labels: Labels, proposals: Proposals, listener: Listener) {
    this.#bridge = bridge;
    this.#project = project;
    this.#labels = labels;
    this.#proposals = proposals;
    this.#listener = listener;
  }

  /** One action, whatever the number of cells. What a label is for and whether it was asked blind goes along as the screen said it. */
  async apply(
    answers: readonly { readonly image: Id; readonly answers: readonly Answer[] }[],
    { source, shown, asked = false, by }: Manner,
  ): Promise<boolean> {
    const head = shown ? this.#proposals.head() : null;
    const whole = this.#labels.project.get().task === 'multiclass';
    const cells: CellRequest[] = answers.flatMap(({ image, answers: own }) => {
      const whatIs = this.#labels.of(image);
      const view = asked ? askedView(whatIs) : whatIs;
      const { use } = whatIs;
      const blind = asked && whatIs.reserved;
      const differing = own.filter(({ finding, state }) => cellOf(view, finding).state !== state);
      // What is so already needs no writing, and an earlier refusal of it no longer matters.
      if (differing.length === 0 || (!whole && differing.length < own.length)) {
        const same = own.filter((answer) => !differing.includes(answer) && !cellOf(view, answer.finding).pending);
        this.#settle(
          same.map(({ finding }) => ({ image, finding })),
          whole,
        );
      }
      const probabilities = head === null ? null : this.#proposals.of(image);
      return (whole && differing.length > 0 ? own : differing).map(({ finding, state }) => {
        const p = probabilities?.get(finding) ?? null;
        const how = { ...(blind ? { blind } : {}), ...(by ? { by } : {}) };
        return { image, finding, state, source, shown: p, head: p === null ? null : head, use, ...how };
      });
    });
    if (cells.length === 0) return true;
    const token = this.#labels.begin(cells);
    const { ok: saved } = await this.#answer(this.#bridge.call('labels.apply', { project: this.#project, cells }), cells, whole, () =>
      this.#labels.end(token, cells),
    );
    return saved;
  }

  /** A suspect label stands. */
  async keep(image: Id, finding: Id, kept: Omit<Kept, 'time'>): Promise<boolean> {
    const call = this.#bridge.call('labels.keep', { project: this.#project, image, finding, kept });
    return (await this.#answer(call, [{ image, finding }], false, () => undefined)).ok;
  }

  async skip(image: Id): Promise<boolean> {
    const call = this.#bridge.call('labels.skip', { project: this.#project, image });
    return (await this.#answer(call, [{ image, finding: null }], true, () => undefined)).ok;
  }

  async undo(): Promise<Action | null> {
    return this.#step('undo', this.#bridge.call('labels.undo', { project: this.#project }));
  }

  async redo(): Promise<Action | null> {
    return this.#step('redo', this.#bridge.call('labels.redo', { project: this.#project }));
  }

  /** An undo or redo is under way. */
  get stepping(): boolean {
    return this.#stepping > 0;
  }

  isUnsaved(image: Id): boolean {
    return this.#unsaved.has(image);
  }

  /** The person knows of what was refused and lets it be. */
  forgetUnsaved(): void {
    this.#unsaved.forget();
    this.#tell(0);
  }

  async #step(kind: 'undo' | 'redo', call: Promise<Result<Action>>): Promise<Action | null> {
    this.#stepping += 1;
    const result = await this.#send(call, () => undefined);
    this.#stepping -= 1;
    this.#tell(-1);
    if (result.ok) return result.value;
    this.#listener.notStepped(result.failure, kind);
    return null;
  }

  async #answer(call: Promise<Result<Action | null>>, asked: readonly Asked[], whole: boolean, end: () => void): Promise<Result<unknown>> {
    const result = await this.#send(call, end, imagesOf(asked).size);
    if (result.ok) this.#unsaved.saved(asked, whole);
    else this.#unsaved.refused(asked);
    this.#tell(-1, result.ok ? undefined : result.failure);
    if (!result.ok) this.#listener.refused([...imagesOf(asked)]);
    return result;
  }

  async #send<T extends Action | null>(call: Promise<Result<T>>, end: () => void, images = 1): Promise<Result<T>> {
    this.#tell(1, undefined, images);
    let result: Result<T>;
    try {
      result = await call;
    } catch (error) {
      // The bridge itself broke: as unsaved as any refusal.
      const detail = error instanceof Error ? (error.stack ?? error.message) : String(error);
      result = { ok: false, failure: { code: 'internal', params: { reason: 'the label could not be handed over' }, detail } };
    }
    // The action first, then the end of the pending state: nothing flickers back in between.
    if (result.ok && result.value) this.#listener.acknowledged(result.value);
    end();
    return result;
  }

  #settle(asked: readonly Asked[], whole: boolean): void {
    this.#unsaved.saved(asked, whole);
    this.#tell(0);
  }

  #tell(change: number, refusal?: Failure, images = 0): void {
    const unsaved = this.#unsaved.images;
    this.save.update((before) => {
      if (change === 0 && unsaved.length === before.unsaved.length) return before;
      const waiting = before.waiting + change;
      const reason = unsaved.length === 0 ? null : (refusal ?? before.reason);
      return { waiting, images: waiting === 0 ? 0 : Math.max(before.images, images), unsaved, reason };
    });
  }
}

function imagesOf(asked: readonly Asked[]): Set<Id> {
  const images = new Set<Id>();
  for (const { image } of asked) images.add(image);
  return images;
}
