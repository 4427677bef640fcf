import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Precision } from '../../../../src/contract/encoder-card';
import type { Head, LastBlock, Tensor } from '../../../../src/contract/head';
import { embeddingName } from '../../../../src/contract/jobs/encoder';
import { unwrap } from '../../../../src/contract/result';
import { convertCheckpoint } from '../../../../src/encoder/eva-x/convert';
import { readLastBlock } from '../../../../src/encoder/eva-x/last-block';
import { headFiles, readHead } from '../../../../src/head-files/head-folder';
import { createEncoder, type Encoder } from '../../../../src/encoder/service';
import { ensureBuiltin } from '../../../../src/encoder/scattering/builtin';
import { publish } from '../../../../src/files/publish';
import { parseModel } from '../../../../src/onnx/model';
import { headId } from '../../../../src/contract/head-identity';
import { isTable } from '../../../../src/trainer/heads/tuned/block';
import { proposeStates } from '../../../../src/trainer/heads/tuned/propose';
import { matrix } from '../../../../src/trainer/matrix';
import { random } from '../../../../src/trainer/random';
import { blockEmbedding } from '../../../../src/trainer/tensors/block';
import { score } from '../../../../src/trainer/tensors/tuning';
import { statesOf, type StateSource } from '../../../../src/trainer/heads/tuned/states';
import { start } from '../../trainer/backend';
import { evaX, hasEvaX, maxDifference } from '../arrays';
import { cardFacts, syntheticHead } from '../heads';
import { factsOf, syntheticImaging, syntheticTile } from '../tiles';

const root = mkdtempSync(join(tmpdir(), 'collimate-'));
const context = new AbortController();
const encoders: Encoder[] = [];
afterAll(async () => {
  for (const encoder of encoders) await encoder.close();
  rmSync(root, { recursive: true });
});

const images = Array.from({ length: 6 }, (_, i) => `image ${String(i)}`);
const rows = [...images.keys()];

async function embedded(name: string, precision: Precision) {
  const { folder, card } = unwrap(
    await convertCheckpoint({
      checkpoint: join(evaX, `${name}.pt`),
      precision,
      place: (id) => join(root, id),
      overwrite: true,
      calibrate: () => Promise.resolve({ ok: true, value: images.map((image) => syntheticTile(image, 224, 1)) }),
    }),
  );
  const encoder = createEncoder({ profile: join(root, 'profile'), imaging: syntheticImaging().imaging }, () => undefined);
  encoders.push(encoder);
  unwrap(await encoder.handlers.open({ folder, provider: 'cpu', threads: 1 }, context));
  const sources = images.map((image) => ({ file: `/x/${image}`, frame: null }));
  const items = sources.map((source) => ({ key: source.file, source }));
  unwrap(await encoder.handlers.embed({ items, states: ['blockInput'] }, context));
  const names = images.map((image) => embeddingName(factsOf(image).sha256, null));
  const { rows: embeddings } = unwrap(await encoder.handlers.fetch({ names }, context));
  const read = async (wanted: readonly number[]) =>
    unwrap(await encoder.handlers.fetchStates({ state: 'blockInput', names: wanted.map((row) => names[row] ?? '') }, context)).bits;
  const states: StateSource = { shape: card.outputs.blockInput ?? [0, 0], read };
  return { folder, card, encoder, sources, embeddings, states };
}

/** The block with every weight moved by a tenth of its size: as after long training. */
const moved = (block: LastBlock): Record<string, Tensor> =>
  Object.fromEntries(
    Object.entries(block).map(([name, { shape, data }]) => {
      const draw = random(1, name);
      return [name, { shape, data: isTable(name) ? data : data.map((value) => value * (1 + 0.1 * draw.normal())) }];
    }),
  );

/** A head that holds this block. */
async function blockHeadOf(encoder: { id: string; d: number }, block: Record<string, Tensor>): Promise<Head> {
  const { file, tensors } = syntheticHead(encoder, 'multilabel', 24);
  const own = { ...file, kind: 'block' as const, unit: true };
  const all = { ...tensors, ...block };
  return { file: { ...own, id: await headId(own, all) }, tensors: all };
}

/** How far the block in float32 may be from the embedding, whose states are half precision in its cache, and the rest of it in the encoder's. */
const limits = { fp32: 0.02, fp16: 0.02, int8: 0.4 } as const;
const exported = { fp32: 1e-4, fp16: 1e-3, int8: 5e-3 } as const;

describe.skipIf(!hasEvaX)('the last block of an encoder', () => {
  beforeAll(() => start('wasm'));

  test.each([
    ['micro-packed', 'fp32'],
    ['micro-packed-2h', 'fp16'],
    ['micro-split', 'fp32'],
    ['micro-split', 'int8'],
  ] as const)('%s, %s: it makes the embedding, and another one takes its place in the exported model', async (name, precision) => {
    const { folder, card, encoder, sources, embeddings, states } = await embedded(name, precision);
    const { block, id } = unwrap(await readLastBlock(folder));
    expect(id).toBe(card.id);
    const batch = { states: await statesOf(states, rows) };
    const own = await score({ constants: {}, logits: blockEmbedding }, block, [() => Promise.resolve(batch)], () => Promise.resolve());
    expect(maxDifference(own, embeddings)).toBeLessThan(limits[precision]);

    const head = await blockHeadOf({ id: card.id, d: card.outputs.embedding }, moved(block));
    const pool = matrix(rows.length, card.outputs.embedding, embeddings);
    const probabilities = await proposeStates(head, states, pool, rows);
    const unmoved = await proposeStates({ ...head, tensors: { ...head.tensors, ...block } }, states, pool, rows);
    expect(maxDifference(probabilities, unmoved)).toBeGreaterThan(exported[precision]);
    const place = (parts: string) => join(root, `${name} ${precision} ${parts}`);
    for (const parts of ['model', 'head'] as const) {
      const out = place(parts);
      const done = await encoder.handlers.exportModel(
        {
          out,
          parts,
          head: head.file,
          headTensors: Object.fromEntries(
            Object.entries(head.tensors).map(([key, { shape, data }]) => [key, { shape: [...shape], data: Float32Array.from(data) }]),
          ),
          check: sources,
          probabilities,
          overwrite: false,
          card: cardFacts,
        },
        context,
      );
      expect(unwrap(done).maxDifference).toBeLessThanOrEqual(exported[precision]);
      // Read off the file that was written.
      expect(readFileSync(join(out, 'README.md'), 'utf8')).toContain('opset 18, IR version 8, operators of ai.onnx alone');
    }
    expect(readFileSync(join(place('head'), 'README.md'), 'utf8')).toMatch(/contains the last block of EVA-X/);
    const { graph } = unwrap(parseModel(readFileSync(join(place('model'), 'model.onnx'))));
    const names = graph.constants.map((constant) => constant.name);
    expect(names).toContain('head.block.q');
    // The fixtures have two blocks, but for one of three.
    const last = name === 'micro-packed-2h' ? 2 : 1;
    expect(names.some((each) => each.startsWith(`blocks.${String(last - 1)}.`))).toBe(true);
    expect(names.filter((each) => each.startsWith(`blocks.${String(last)}.`) || each.startsWith('tail.'))).toEqual([]);
  });

  test('a head with it comes back from its folder; one whose block does not fit is refused', async () => {
    const { folder, card } = await embedded('micro-split', 'fp32');
    const { block } = unwrap(await readLastBlock(folder));
    const write = async (name: string, tensors: Record<string, Tensor>) => {
      const head = await blockHeadOf({ id: card.id, d: card.outputs.embedding }, tensors);
      const files = headFiles('', head).map(({ file, content }) => ({ name: file, content }));
      unwrap(await publish(join(root, name), files, false));
      return { head, read: await readHead(join(root, name)) };
    };
    const { head, read } = await write('whole', block);
    expect(unwrap(read)).toEqual(head);
    const { 'block.k': k, ...without } = block;
    expect((await write('without k', without)).read).toMatchObject({ ok: false, failure: { code: 'head-invalid' } });
    const narrow = { ...block, 'block.k': { shape: [1, k?.data.length ?? 0], data: k?.data ?? new Float32Array() } };
    expect((await write('another k', narrow)).read).toMatchObject({ ok: false, failure: { code: 'head-invalid' } });
  });

  test('the built-in encoder has none', async () => {
    const builtin = unwrap(await ensureBuiltin(root));
    expect(await readLastBlock(builtin.folder)).toMatchObject({ ok: false, failure: { code: 'wrong-use' } });
  });
});
