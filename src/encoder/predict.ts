import type { EmbedItem, PredictedItem } from '../contract/jobs/encoder';
import { Priority } from '../contract/jobs/imaging';
import { fail, ok, type Result } from '../contract/result';
import type { TileSource } from './tiles';
import type { ExportedModel } from './exported';

type Read = Awaited<ReturnType<TileSource['read']>>;

/** Batches that imaging prepares while the model is at work. */
const BATCHES_AHEAD = 2;

/** Probabilities of the items in their order, a batch at a time. An image that fails is reported; what fails all is the model or an abort. */
export async function predict(
  model: ExportedModel,
  imaging: TileSource,
  items: readonly EmbedItem[],
  signal: AbortSignal,
  onPredicted: (items: PredictedItem[]) => void,
): Promise<Result<void>> {
  const { batch, info } = model;
  const { tile } = info.preprocessing;
  const ahead: Promise<Read>[] = [];
  let asked = 0;
  for (let from = 0; from < items.length; from += batch) {
    for (const { source } of items.slice(asked, from + (1 + BATCHES_AHEAD) * batch)) {
      ahead.push(imaging.read({ source, priority: Priority.embedding, tile }, { signal }));
      asked++;
    }
    const some = items.slice(from, from + batch);
    const results = await Promise.all(ahead.splice(0, some.length));
    if (signal.aborted) return fail('stopped');
    const tiles = results.flatMap((result) => (result.ok && result.value.tile ? [result.value.tile] : []));
    const rows = tiles.length === 0 ? ok(new Float32Array()) : await model.predict(tiles);
    if (!rows.ok) return rows;
    const k = info.findings.length;
    let row = 0;
    const predicted = results.map((result, at): PredictedItem => {
      const key = some[at]?.key ?? '';
      if (!result.ok) return { status: 'failed', key, failure: { code: result.failure.code, params: result.failure.params } };
      if (!result.value.tile) throw new Error('imaging gave no tile');
      const probabilities = rows.value.slice(row * k, (row + 1) * k);
      row++;
      return { status: 'ok', key, frames: [...(result.value.facts.frames ?? [])], probabilities };
    });
    onPredicted(predicted);
  }
  return ok();
}
