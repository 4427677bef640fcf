import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import type { Precision } from '../../../../src/contract/encoder-card';
import { unwrap } from '../../../../src/contract/result';
import { convertCheckpoint } from '../../../../src/encoder/eva-x/convert';
import { withStates } from '../../../../src/encoder/eva-x/states';
import { ensureBuiltin } from '../../../../src/encoder/scattering/builtin';
import { openSession } from '../../../../src/encoder/session';
import { parseModel } from '../../../../src/onnx/model';
import { evaX, hasEvaX, maxDifference, readNpyFile, readNpz } from '../arrays';
import { syntheticTile } from '../tiles';

const root = mkdtempSync(join(tmpdir(), 'collimate-'));
afterAll(() => rmSync(root, { recursive: true }));

const convert = async (name: string, precision: Precision) =>
  unwrap(
    await convertCheckpoint({
      checkpoint: join(evaX, `${name}.pt`),
      precision,
      place: (id) => join(root, id),
      overwrite: true,
      calibrate: () =>
        Promise.resolve({ ok: true, value: Array.from({ length: 8 }, (_, i) => syntheticTile(`image ${String(i)}`, 224, 1)) }),
    }),
  );

async function run(model: string | null, images: number, outputs?: string[]) {
  const session = unwrap(await openSession(model ?? '', 'cpu', 1));
  const { data } = readNpyFile(join(evaX, 'input.npy'));
  const pixels = { shape: [images, 3, 224, 224], data: data.subarray(0, images * 3 * 224 * 224) };
  const values = unwrap(await session.run({ pixels }, outputs));
  await session.close();
  return values;
}

/** float32 as the project's documents say; float16 and int8 were measured at .0045 and .18 on these fixtures. */
const limits: Record<Precision, (layout: string) => number> = {
  fp32: (layout) => (layout === 'micro-split' ? 2e-5 : 1e-5),
  fp16: () => 1e-2,
  int8: () => 0.4,
};

describe.skipIf(!hasEvaX)('tokens and block inputs', () => {
  for (const name of ['micro-packed', 'micro-packed-2h', 'micro-split']) {
    test.each(['fp32', 'fp16', 'int8'] as const)(
      `${name}, %s: they are the reference's, and the embedding keeps its bits`,
      async (precision) => {
        const made = await convert(name, precision);
        const { tokens: [count = 0, width = 0] = [], blockInput } = made.card.outputs;
        const values = await run(made.tokensModel, 1);
        const states = await readNpz(join(evaX, `${name}.states.npz`));
        const limit = limits[precision](name);
        const last = Math.max(...Object.keys(states).map((key) => Number(/^block_(\d+)$/.exec(key)?.[1] ?? 0)));
        const patches = states[`block_${String(last)}`]?.data.subarray(width) ?? new Float32Array();
        expect(values['block_input']?.shape).toEqual([1, ...(blockInput ?? [])]);
        // The fixture of three blocks has only the first state and the last.
        const before = states[`block_${String(last - 1)}`]?.data ?? values['block_input']?.data ?? new Float32Array();
        expect(maxDifference(values['block_input']?.data ?? new Float32Array(), before)).toBeLessThan(limit);
        expect(values['tokens']?.shape).toEqual([1, count, width]);
        expect(patches.length).toBe(count * width);
        expect(maxDifference(values['tokens']?.data ?? new Float32Array(), patches)).toBeLessThan(limit);
        const all = await run(made.tokensModel, 3, ['embedding', 'tokens']);
        expect(Object.keys(all)).toEqual(['embedding', 'tokens']);
        expect(all['embedding']?.data).toEqual((await run(made.model, 3))['embedding']?.data);
      },
    );
  }

  test('the second model takes its weights from the first', async () => {
    const { model, tokensModel } = await convert('micro-packed', 'fp32');
    expect(statSync(tokensModel ?? '').size).toBeLessThan(statSync(model).size / 10);
  });

  test('a model that was read from its file can have them too; the built-in encoder has none', async () => {
    const { model } = await convert('micro-packed', 'fp16');
    const read = withStates(unwrap(parseModel(readFileSync(model))));
    expect(read?.graph.outputs.map(({ name }) => name)).toEqual(['embedding', 'tokens', 'block_input']);
    const builtin = unwrap(await ensureBuiltin(root));
    expect(builtin.tokensModel).toBe(null);
    expect(withStates(unwrap(parseModel(readFileSync(builtin.model))))).toBe(null);
  });
});
