import type { LastBlock } from '../contract/head';
import type { TunedHead, TuneOutcome } from '../contract/jobs/trainer';
import { attempt, fail, FailureError, ok, type Result } from '../contract/result';
import { learnLinear, type Prepared } from './engine';
import { poolDigest } from '../contract/head-identity';
import { logitsOfStates } from './heads/tuned/propose';
import type { StateSource } from './heads/tuned/states';
import type { Matrix } from './matrix';
import { tune, type Tuned } from './tune';

type Shape = readonly [number, number];

/** Fine-tuning on request, beside the rounds: states by name, the head that was made of them, and what it says of the pool. */
export class Tuning {
  readonly #states = new Map<string, Uint16Array>();
  #shape: Shape = [0, 0];
  #made: { readonly tuned: Tuned; readonly names: readonly string[]; readonly logits: Float32Array } | null = null;

  put(names: readonly string[], shape: Shape, bits: Uint16Array): Result<void> {
    const size = shape[0] * shape[1];
    if (bits.length !== names.length * size)
      return fail('embedding-corrupt', { file: 'a message', reason: 'its states have another size' });
    this.#shape = shape;
    names.forEach((name, i) => this.#states.set(name, bits.slice(i * size, (i + 1) * size)));
    return ok();
  }

  async run(
    prepared: Prepared,
    embeddings: Matrix,
    created: string,
    block: LastBlock | undefined,
    signal: AbortSignal,
    onProgress: (done: number, total: number) => void,
  ): Promise<Result<TuneOutcome>> {
    const names = prepared.snapshot.base.embeddings;
    if (this.#states.size === 0) return fail('embedding-missing', { count: names.length });
    const linear = await attempt(() => learnLinear(prepared, created, signal));
    if (!linear.ok) return linear;
    if (!linear.value.ok) return linear.value;
    const tuned = await tune(prepared, linear.value.value, embeddings, {
      part: block ? { kind: 'block', block } : { kind: 'attentive' },
      source: this.#source(names),
      created,
      onProgress,
      signal,
    });
    if (!tuned.ok) return tuned;
    const { wins, loss, linearLoss, fitted } = tuned.value;
    this.#made = { tuned: tuned.value, names, logits: new Float32Array(names.length * fitted.targets.findings).fill(NaN) };
    return ok({ wins, loss, linearLoss, labels: fitted.targets.rows.length });
  }

  async score(names: readonly string[], shape: Shape, bits: Uint16Array, signal: AbortSignal): Promise<Result<void>> {
    const made = this.#made;
    if (!made) return fail('wrong-use', { reason: 'the images of the project changed while a head was fine-tuned; start it again' });
    const { head, fitted } = made.tuned;
    const size = shape[0] * shape[1];
    const part = (row: number) => bits.subarray(row * size, (row + 1) * size);
    const source: StateSource = { shape, read: (rows) => Promise.resolve(joined(rows.map(part), size)) };
    const rows = names.map((_, i) => i);
    const found = await attempt(() => logitsOfStates(head, source, rows, undefined, signal));
    if (!found.ok) return found;
    const k = fitted.targets.findings;
    const places = new Map(names.map((name, i) => [name, i]));
    made.names.forEach((name, row) => {
      const place = places.get(name);
      if (place !== undefined) made.logits.set(found.value.subarray(place * k, (place + 1) * k), row * k);
    });
    return ok();
  }

  /** What was made, with what it says of every image of the pool. */
  async result(): Promise<Result<TunedHead>> {
    if (!this.#made?.logits.every(Number.isFinite))
      return fail('wrong-use', { reason: 'not every image of the project was scored; start it again' });
    const { tuned, names, logits } = this.#made;
    const { head, fitted, held } = tuned;
    return ok({
      ...head,
      learnt: [...fitted.linear.fitted],
      pool: await poolDigest(names),
      rows: Int32Array.from(fitted.targets.rows),
      held: Float32Array.from(held),
      logits: Float32Array.from(logits),
    });
  }

  end(): void {
    this.#states.clear();
    this.#made = null;
  }

  #source(names: readonly string[]): StateSource {
    const size = this.#shape[0] * this.#shape[1];
    const of = (row: number) => {
      const bits = this.#states.get(names[row] ?? '');
      if (!bits) throw new FailureError(fail('embedding-missing', { count: 1 }).failure);
      return bits;
    };
    return { shape: this.#shape, read: (rows) => Promise.resolve(joined(rows.map(of), size)) };
  }
}

function joined(parts: readonly Uint16Array[], size: number): Uint16Array {
  const out = new Uint16Array(parts.length * size);
  parts.forEach((part, i) => out.set(part, i * size));
  return out;
}
