import { mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import proto from 'onnx-proto';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import type { CustomEncoder } from '../../../../src/contract/custom-encoder';
import type { Tile } from '../../../../src/contract/jobs/imaging';
import { sentence } from '../../../../src/contract/catalogue';
import { fail, ok, unwrap, type Result } from '../../../../src/contract/result';
import type { TileSource } from '../../../../src/encoder/tiles';
import { Engine } from '../../../../src/encoder/engine';
import { inspectCustom, keepCustom, tryCustom } from '../../../../src/encoder/custom/custom';
import { inMemory, lengthOf, Malformed } from '../../../../src/onnx/fields';
import { Graph } from '../../../../src/onnx/graph';
import { inspect, Refused } from '../../../../src/onnx/inspect';
import { serialiseModel } from '../../../../src/onnx/model';
import { wrap } from '../../../../src/onnx/splice';
import { byHand, meanColours, SIZE, WIDTH, wishFor, type Shape } from './models';

const { onnx } = proto;
const root = mkdtempSync(join(tmpdir(), 'collimate-'));
afterAll(() => rmSync(root, { recursive: true }));
let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(root, 'x'));
});

const grey = (level: number): Tile => ({ size: SIZE, channels: 1, data: new Uint8Array(SIZE * SIZE).fill(level) });
const imaging: TileSource = {
  identify: () => Promise.resolve(fail('internal')),
  read: ({ source }) =>
    Promise.resolve(
      source.file === 'missing.png'
        ? fail('file-missing', { file: 'missing.png' })
        : ok({ facts: {} as never, tile: grey(Number(source.file)) }),
    ),
};
const put = (bytes: Uint8Array, name = 'model.onnx') => {
  const file = join(folder, name);
  writeFileSync(file, bytes);
  return file;
};
const into = () => join(folder, 'encoders');
const never = new AbortController().signal;
const attempt = (file: string, wish: CustomEncoder = wishFor(), image = '100') =>
  tryCustom({ file, wish, into: into() }, imaging, { file: image, frame: null }, never);
const keep = (file: string, wish: CustomEncoder = wishFor()) => keepCustom({ file, wish, into: into() }, (id) => join(into(), id));
const said = (result: Result<unknown>) => (result.ok ? 'ok' : sentence(result.failure));

/** Embeds tiles with the kept encoder, as the app would. */
async function embed(kept: string, tiles: readonly Tile[]): Promise<number[][]> {
  const engine = unwrap(await Engine.open({ profile: join(folder, 'profile'), folder: kept, provider: 'cpu', threads: 1, batch: 8 }));
  const rows = unwrap(await engine.encode(tiles));
  unwrap(await engine.close());
  return rows.map(({ embedding }) => [...embedding]);
}
function close(found: readonly number[] | undefined, expected: readonly number[]): void {
  expect(found).toHaveLength(expected.length);
  expected.forEach((value, i) => expect(found?.[i]).toBeCloseTo(value, 4));
}

describe('a model of somebody else', () => {
  test('is described with what is likely meant, and nothing of it is run', async () => {
    const described = unwrap(await inspectCustom(put(meanColours({ batch: 'N' }))));
    expect(described).toMatchObject({
      file: 'model.onnx',
      opset: 17,
      precision: 'fp32',
      inputs: [{ name: 'x', type: 'float32', shape: ['N', 3, SIZE, SIZE] }],
      outputs: [{ name: 'features', type: 'float32', shape: ['N', WIDTH] }],
      inner: [
        { name: 'features', op: 'MatMul' },
        { name: 'colours', op: 'ReduceMean' },
      ],
      suggestion: { name: 'model', input: 'x', output: 'features', pooling: 'as-is', channels: 3, preprocessing: { tile: { size: SIZE } } },
    });
    const tokens = unwrap(await inspectCustom(put(meanColours({ batch: 1, tokens: true, channelsLast: true }), 'tokens.onnx')));
    expect(tokens.suggestion).toMatchObject({ pooling: 'class-token', channels: 3, preprocessing: { tile: { size: SIZE } } });
  });

  const shapes: [string, Shape, Partial<CustomEncoder>, boolean, number][] = [
    ['takes any number of images', { batch: 'N' }, {}, false, 1],
    ['takes one', { batch: 1 }, {}, true, 1],
    ['has one built into its shapes', { batch: 'N', baked: true }, {}, true, 1],
    ['mixes the images of a batch', { batch: 'N', mixes: true }, {}, true, 2],
    ['wants channels last', { batch: 'N', channelsLast: true }, {}, false, 1],
    ['has operators of version 21', { batch: 'N', opset: 21, tokens: true }, { pooling: 'mean-patches' }, false, 2],
    ['has operators of version 9', { batch: 1, opset: 9 }, {}, true, 1],
    [
      'uses our names',
      { batch: 'N', input: 'pixels', output: 'embedding', weight: 'image' },
      { input: 'pixels', output: 'embedding' },
      false,
      1,
    ],
    [
      'uses our names, one by one',
      { batch: 1, input: 'image', output: 'pixels', weight: 'probabilities' },
      { input: 'image', output: 'pixels' },
      true,
      1,
    ],
    ['gives tokens: the first', { batch: 'N', tokens: true }, { pooling: 'class-token' }, false, 1],
    ['gives tokens: their mean', { batch: 'N', tokens: true }, { pooling: 'mean-tokens' }, false, 5 / 3],
    ['gives tokens: the mean of all but the first', { batch: 1, tokens: true }, { pooling: 'mean-patches' }, true, 2],
    ['has what is wanted inside', { batch: 'N', tokens: true }, { output: 'rows' }, false, 1],
  ];
  test.each(shapes)('that %s', async (_, shape, change, single, factor) => {
    const file = put(meanColours(shape));
    const wish = wishFor(change);
    const tried = unwrap(await attempt(file, wish));
    expect(tried).toMatchObject({ d: WIDTH, single });
    expect(tried.norm).toBeCloseTo(factor * Math.hypot(...byHand(100)), 3);
    expect(tried.tile.data[0]).toBe(100);
    const kept = unwrap(await keep(file, wish));
    expect(kept.card).toMatchObject({
      kind: 'custom',
      name: 'Mean colours',
      precision: 'fp32',
      licence: 'MIT',
      outputs: { embedding: WIDTH },
    });
    const rows = await embed(kept.folder, [100, 0, 255, 7].map(grey));
    for (const [i, level] of [100, 0, 255, 7].entries())
      close(
        rows[i],
        byHand(level).map((value) => value * factor),
      );
    expect(readdirSync(into())).toEqual([kept.card.id]);
  });

  test('keeps its weights in a file beside it', async () => {
    const { bytes, data } = external();
    const file = put(bytes);
    expect(said(await attempt(file))).toMatch(/^model\.onnx keeps its weights in weights\.bin, which is not there\. Copy that file/);
    put(data, 'weights.bin');
    const kept = unwrap(await keep(file));
    rmSync(join(folder, 'weights.bin'));
    close((await embed(kept.folder, [grey(60)]))[0], byHand(60));
  });

  test('has an identity: its bytes, those beside it, and how it is used', async () => {
    const file = put(meanColours({ batch: 'N' }));
    const ids = [unwrap(await keep(file)).card.id];
    expect(unwrap(await keep(file)).card.id).toBe(ids[0]);
    // Neither the name of the file nor that of the encoder belongs to it.
    renameSync(file, join(folder, 'other.onnx'));
    expect(unwrap(await keep(join(folder, 'other.onnx'), wishFor({ name: 'Another', licence: '' }))).card.id).toBe(ids[0]);
    const { tile, normalise } = wishFor().preprocessing;
    ids.push(unwrap(await keep(put(meanColours({ batch: 'N', weight: 'v' })))).card.id);
    ids.push(
      unwrap(await keep(join(folder, 'other.onnx'), wishFor({ preprocessing: { tile: { ...tile, crop: 'pad' }, normalise } }))).card.id,
    );
    ids.push(
      unwrap(await keep(join(folder, 'other.onnx'), wishFor({ preprocessing: { tile, normalise: { kind: 'fixed', mean: 0, std: 1 } } })))
        .card.id,
    );
    const { bytes, data } = external();
    put(bytes, 'outside.onnx');
    put(data, 'weights.bin');
    ids.push(unwrap(await keep(join(folder, 'outside.onnx'))).card.id);
    data[0] = (data[0] ?? 0) ^ 1;
    put(data, 'weights.bin');
    ids.push(unwrap(await keep(join(folder, 'outside.onnx'))).card.id);
    expect(new Set(ids).size).toBe(ids.length);
  });
});

describe('what is refused, with a sentence and nothing left behind', () => {
  const refused: [string, () => Uint8Array, Partial<CustomEncoder>, RegExp][] = [
    ['no model', () => Buffer.from('hello, this is no model at all'), {}, /is not an ONNX model that can be read/],
    ['an empty file', () => new Uint8Array(), {}, /it holds no graph/],
    [
      'half of a model',
      () => meanColours({ batch: 'N' }).subarray(0, 200),
      {},
      /is not an ONNX model that can be read: expected \d+ more bytes/,
    ],
    ['an input that is not there', () => meanColours({ batch: 'N' }), { input: 'y' }, /it has no input called y/],
    ['an output that is not there', () => meanColours({ batch: 'N' }), { output: 'y' }, /it has no value called y/],
    ['a weight as the output', () => meanColours({ batch: 'N' }), { output: 'w' }, /it has no value called w/],
    ['another size', () => meanColours({ batch: 'N' }), withSize(64), /its input is 32 x 32 pixels, not 64 x 64/],
    ['one channel for three', () => meanColours({ batch: 'N' }), { channels: 1 }, /its input takes 3 channels, not 1/],
    ['a batch of four', () => meanColours({ batch: 4 }), {}, /exactly 4 images at once/],
    ['a pooling that does not fit', () => meanColours({ batch: 'N' }), { pooling: 'mean-map' }, /did not run: /],
    ['operators of a library', () => odd({ domain: 'evil.example' }), {}, /the operator Relu of evil\.example, which only a library/],
    ['an operator that loads a file', () => odd({ op: 'EPContext', domain: 'com.microsoft' }), {}, /the operator EPContext, which loads/],
    ['an operator that does not exist', () => odd({ op: 'Nonsense' }), {}, /did not run: .*Nonsense/],
    ['operators of the stone age', () => meanColours({ batch: 'N', opset: 7 }), {}, /version 7 of the ONNX operators/],
    ['a second input', () => odd({ inputs: 2 }), {}, /it wants a second input, second/],
    ['the same for every feature', () => odd({ op: 'Floor', zero: true }), {}, /all of its features are equal/],
    ['no numbers', () => odd({ op: 'Log', zero: true }), {}, /not numbers/],
  ];
  test.each(refused)('%s', async (_, bytes, change, words) => {
    const file = put(bytes());
    expect(said(await attempt(file, wishFor(change)))).toMatch(words);
    expect(said(await keep(file, wishFor(change)))).toMatch(words);
    expect(readdirSync(folder)).not.toContain('model');
    expect(readdirSync(folder).includes('encoders') ? readdirSync(into()) : []).toEqual([]);
  });

  test("weights outside of the model's folder", async () => {
    mkdirSync(join(folder, 'models'));
    writeFileSync(join(folder, 'weights.bin'), external().data);
    symlinkSync(join(folder, 'weights.bin'), join(folder, 'models', 'link.bin'));
    for (const location of [
      '../weights.bin',
      join(folder, 'weights.bin'),
      'link.bin',
      'a/../../weights.bin',
      'C:\\weights.bin',
      '..\\weights.bin',
      '',
      '/dev/zero',
    ]) {
      const file = join(folder, 'models', 'model.onnx');
      writeFileSync(file, external(location).bytes);
      expect(said(await attempt(file))).toMatch(/which is not in its own folder/);
    }
    const short = put(external('short.bin').bytes);
    put(new Uint8Array(5), 'short.bin');
    expect(said(await attempt(short))).toMatch(/short\.bin is shorter than the weights in it/);
  });

  test('an image that cannot be read, a file that is not there, a folder', async () => {
    expect(said(await attempt(put(meanColours({ batch: 'N' })), wishFor(), 'missing.png'))).toMatch(/missing\.png is not there/);
    expect(said(await inspectCustom(join(folder, 'nowhere.onnx')))).toMatch(/nowhere\.onnx is not there/);
    expect(said(await inspectCustom(folder))).toMatch(/no ordinary file/);
  });

  test('any damage: a sentence or a model, and never an exception of another kind', () => {
    const samples = [meanColours({ batch: 'N', tokens: true }), meanColours({ batch: 1, baked: true }), external().bytes];
    const runs = process.env['COLLIMATE_LONG'] === undefined ? 2000 : 50_000;
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: samples.length - 1 }),
        fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { minLength: 1, maxLength: 6 }),
        fc.option(fc.nat()),
        (which, changes, cut) => {
          const bytes = Uint8Array.from(samples[which] ?? []);
          for (const [at, value] of changes) bytes[at % bytes.length] = value;
          const damaged = inMemory(cut === null ? bytes : bytes.subarray(0, cut % bytes.length));
          try {
            const model = inspect(damaged);
            const { input, output, pooling, channels } = wishFor();
            const pieces = wrap(damaged, model, { input, output, pooling, channels, size: SIZE, d: null, single: false });
            // What is written is what was there and our part of the graph.
            const outside = model.external.reduce((sum, { length }) => sum + length, 0);
            expect(lengthOf(pieces)).toBeLessThan(damaged.size + outside + 20_000);
          } catch (error) {
            if (!(error instanceof Malformed) && !(error instanceof Refused)) throw error;
          }
        },
      ),
      { numRuns: runs, seed: 7 },
    );
  });
});

function withSize(size: number): Partial<CustomEncoder> {
  const { tile, normalise } = wishFor().preprocessing;
  return { preprocessing: { tile: { ...tile, size, resize: size }, normalise } };
}

/** x -> flattened, through one odd operator. */
function odd({
  op = 'Relu',
  domain = '',
  inputs = 1,
  zero = false,
}: {
  op?: string;
  domain?: string;
  inputs?: number;
  zero?: boolean;
}): Uint8Array {
  const graph = new Graph();
  graph.input('x', ['N', 3, SIZE, SIZE]);
  if (inputs > 1) graph.input('second', ['N']);
  const small = graph.node('Mul', ['x', graph.scalar('factor', zero ? 0 : 1)], {}, { as: 'small' });
  const own = graph.node(op, [small], {}, { as: 'own', domain });
  graph.node('Flatten', [own], { axis: { int: 1 } }, { as: 'features' });
  graph.output('features', ['N', 3 * SIZE * SIZE]);
  return serialiseModel({ opset: 17, graph, metadata: {} });
}

/** The weight in a file of its own. */
function external(location = 'weights.bin'): { bytes: Uint8Array; data: Uint8Array } {
  const model = onnx.ModelProto.decode(meanColours({ batch: 'N' }));
  const weight = model.graph?.initializer?.find(({ name }) => name === 'w');
  const raw = weight?.rawData;
  if (!weight || !raw) throw new Error('no weight');
  const data = Buffer.concat([Buffer.alloc(16), raw]);
  weight.rawData = null;
  weight.dataLocation = onnx.TensorProto.DataLocation.EXTERNAL;
  weight.externalData = Object.entries({ location, offset: '16', length: String(raw.length) }).map(([key, value]) => ({ key, value }));
  return { bytes: onnx.ModelProto.encode(model).finish(), data };
}
