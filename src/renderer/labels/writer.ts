import type { CellRequest } from '../../contract/bridge';
import type { Action, Id, LabelSource } from '../../contract/model';
import type { Failure, Result } from '../../contract/result';
import type { Bridge } from '../app/environment';
import { Signal } from '../app/signal';
import type { Answer } from './answers';
import type { Labels } from './labels';
import type { Proposals } from './proposals';

export interface SaveState {
  /** Actions sent and not acknowledged. */
  readonly waiting: number;
  /** The last action that was answered was refused. */
  readonly failed: boolean;
}

interface Listener {
  /** Every acknowledged action, in the order of the answers. */
  acknowledged(action: Action): void;
  /** Nothing was saved. `images`: whose labels are as they were before. */
  refused(failure: Failure, images: readonly Id[]): void;
}

/** Sends actions to main. Saved is what main has acknowledged; until then a cell is shown as pending. */
export class LabelWriter {
  readonly save = new Signal<SaveState>({ waiting: 0, failed: false });
  readonly #bridge: Bridge;
  readonly #project: Id;
  readonly #labels: Labels;
  readonly #proposals: Proposals;
  readonly #listener: Listener;

  constructor(bridge: Bridge, project: Id, labels: Labels, proposals: Proposals, listener: Listener) {
    this.#bridge = bridge;
    this.#project = project;
    this.#labels = labels;
    this.#proposals = proposals;
    this.#listener = listener;
  }

  /**
   * One action, whatever the number of cells. `shown`: the probability was on the screen when the person answered, so it
   * is noted beside the label (a score next to a label biases; without the note that could not be measured).
   */
  async apply(
    answers: readonly { readonly image: Id; readonly answers: readonly Answer[] }[],
    source: LabelSource,
    shown: boolean,
  ): Promise<boolean> {
    const head = shown ? this.#proposals.head() : null;
    const cells: CellRequest[] = answers.flatMap(({ image, answers: own }) => {
      const probabilities = head === null ? null : this.#proposals.of(image);
      return own.map(({ finding, state }) => {
        const p = probabilities?.get(finding) ?? null;
        return { image, finding, state, source, shown: p, head: p === null ? null : head };
      });
    });
    if (cells.length === 0) return true;
    const token = this.#labels.begin(cells);
    const images = answers.map(({ image }) => image);
    return this.#send(this.#bridge.call('labels.apply', { project: this.#project, cells }), images, () => this.#labels.end(token, cells));
  }

  async skip(image: Id): Promise<boolean> {
    return this.#send(this.#bridge.call('labels.skip', { project: this.#project, image }), [image]);
  }

  async undo(): Promise<Action | null> {
    return this.#step(this.#bridge.call('labels.undo', { project: this.#project }));
  }

  async redo(): Promise<Action | null> {
    return this.#step(this.#bridge.call('labels.redo', { project: this.#project }));
  }

  async #step(call: Promise<Result<Action>>): Promise<Action | null> {
    let done: Action | null = null;
    await this.#send(call, [], undefined, (action) => {
      done = action;
    });
    return done;
  }

  async #send(call: Promise<Result<Action>>, images: readonly Id[], end?: () => void, then?: (action: Action) => void): Promise<boolean> {
    this.save.update(({ waiting, failed }) => ({ waiting: waiting + 1, failed }));
    let result: Result<Action>;
    try {
      result = await call;
    } catch (error) {
      // The bridge itself broke: as unsaved as any refusal.
      const detail = error instanceof Error ? (error.stack ?? error.message) : String(error);
      result = { ok: false, failure: { code: 'internal', params: { reason: 'the label could not be handed over' }, detail } };
    }
    // The action first, then the end of the pending state: nothing flickers back in between.
    if (result.ok) this.#listener.acknowledged(result.value);
    end?.();
    const failed = !result.ok && result.failure.code !== 'nothing-to-undo';
    this.save.update(({ waiting }) => ({ waiting: waiting - 1, failed }));
    if (result.ok) then?.(result.value);
    else this.#listener.refused(result.failure, images);
    return result.ok;
  }
}
