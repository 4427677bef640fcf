import type { Provider } from '../contract/jobs/encoder';
import type { Tile } from '../contract/jobs/imaging';
import { fail, ok, type Result } from '../contract/result';
import { readInfo, type ExportInfo } from '../model-export/metadata';
import { BATCH } from '../contract/jobs/encoder';
import { openForeignModel } from './custom/foreign-file';
import { openSession } from './session';

/** An exported model, ready to predict: what `collimate predict` and the check before an export use. */
export interface ExportedModel {
  readonly info: ExportInfo;
  readonly batch: number;
  /** Probabilities [tiles, findings] of tiles made by `info.preprocessing.tile`; at most `batch` of them. */
  predict(tiles: readonly Tile[]): Promise<Result<Float32Array>>;
  close(): Promise<void>;
}

/** Opens `path`, a model.onnx as `exportModel` writes it. Failures: file-missing, file-unreadable, model-not-one, encoder-corrupt, encoder-run-failed. */
export async function openExportedModel(path: string, provider: Provider, threads: number, batch = BATCH): Promise<Result<ExportedModel>> {
  const found = openForeignModel(path);
  if (!found.ok) return found;
  const { metadata, inputs } = found.value.model;
  found.value.close();
  const info = readInfo(metadata, path);
  if (!info.ok) return info;
  const [input] = inputs;
  const [, channels, size] = input?.shape ?? [];
  if (input?.name !== 'image' || (channels !== 1 && channels !== 3) || typeof size !== 'number') {
    return fail('encoder-corrupt', { folder: path, reason: 'its input is not an image' });
  }
  const opened = await openSession(path, provider, threads);
  if (!opened.ok) return opened;
  const session = opened.value;
  const area = size * size;
  const findings = info.value.findings.length;
  return ok({
    info: info.value,
    batch,
    async predict(tiles) {
      if (tiles.length > batch) throw new Error(`${String(tiles.length)} tiles in one batch`);
      const data = new Float32Array(batch * channels * area);
      for (const [i, tile] of tiles.entries()) {
        if (tile.size !== size || (tile.channels === 3 && channels === 1)) return fail('internal', { reason: 'a tile of another size' });
        for (let channel = 0; channel < channels; channel++) {
          const start = (i * channels + channel) * area;
          const source = tile.channels === 3 ? channel : 0;
          for (let p = 0; p < area; p++) data[start + p] = tile.data[p * tile.channels + source] ?? 0;
        }
      }
      const outputs = await session.run({ image: { shape: [batch, channels, size, size], data } });
      if (!outputs.ok) return outputs;
      const all = outputs.value.probabilities?.data;
      if (all?.length !== batch * findings) return fail('encoder-corrupt', { folder: path, reason: 'its output has another size' });
      return ok(all.slice(0, tiles.length * findings));
    },
    close: () => session.close(),
  });
}
