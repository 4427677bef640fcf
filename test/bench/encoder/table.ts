import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import Vips from 'wasm-vips';
import { unwrap } from '../../../src/contract/result';
import { BATCH } from '../../../src/contract/jobs/encoder';
import { evaXModel } from '../../../src/encoder/eva-x/graph';
import { preprocessingOf } from '../../../src/encoder/eva-x/preparation';
import { expectedShapes, type Layout } from '../../../src/encoder/eva-x/layout';
import { quantise } from '../../../src/encoder/eva-x/quantise';
import { writeEncoderFolder } from '../../../src/encoder/folder';
import { ensureBuiltin } from '../../../src/encoder/scattering/builtin';
import { createEncoder } from '../../../src/encoder/service';
import { openSession } from '../../../src/encoder/session';
import { readTiles } from '../../../src/encoder/tiles';
import { createImaging } from '../../../src/imaging/service';
import { Graph } from '../../../src/onnx/graph';
import { serialiseModel, type Model } from '../../../src/onnx/model';
import { plainModel } from './plain';

// One table, every row a ratio measured in one run: the two things of a row take turns, so that what else the machine does hits both.
const [shared = '', bench = '', sizes = 'Ti,S,B', turnsText = '7', clock = 'wall'] = process.argv.slice(2);
const TURNS = Number(turnsText);
/** `cores`: one thread, and images per core-second: what a busy machine can still measure. */
const byCores = clock === 'cores';
const THREADS = byCores ? 1 : 0;
const folder = mkdtempSync(join(tmpdir(), 'collimate-'));
const context = { signal: new AbortController().signal };
const imaging = createImaging({ workerUrl: pathToFileURL(join(import.meta.dirname, 'worker.js')) });
let pictures: [string, string, string[]][] | null = null;
const radiographs = join(shared, 'data/cxr/nih');
const files = existsSync(radiographs)
  ? readdirSync(radiographs)
      .sort()
      .map((name) => join(radiographs, name))
  : [];
if (files.length === 0) throw new Error(`${radiographs} is missing: the benchmark needs real images`);

const published = unwrap(preprocessingOf(224, 'eva-x', null));

const layouts: Record<string, Layout> = {
  Ti: { width: 192, depth: 12, heads: 3, hidden: 512, kind: 'packed', norm: 'norm', grid: 14, head: null },
  S: { width: 384, depth: 12, heads: 6, hidden: 1024, kind: 'packed', norm: 'norm', grid: 14, head: null },
  B: { width: 768, depth: 12, heads: 12, hidden: 2048, kind: 'split', norm: 'norm', grid: 14, head: null },
};
const bars: Record<string, { plain: number; amx: number; vnni: number; error: number }> = {
  Ti: { plain: 1.1, amx: 1.8, vnni: 1.5, error: 0.02 },
  S: { plain: 1.08, amx: 2.8, vnni: 1.5, error: 0.04 },
  B: { plain: 1.05, amx: 3.8, vnni: 1.5, error: 0.06 },
};

/** The recipe of the fixtures: weights N(0, 0.05), biases N(0, 0.1), gains 1 + N(0, 0.1); the sum of 4 uniform numbers is normal enough. */
function seededWeights(layout: Layout) {
  const shapes = expectedShapes(layout);
  return (name: string) => {
    const shape = shapes.get(name) ?? [];
    let state = new TextEncoder().encode(name).reduce((hash, byte) => (Math.imul(hash, 31) + byte) >>> 0, 1);
    const uniform = () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32;
    const normal = () => (uniform() + uniform() + uniform() + uniform() - 2) * Math.sqrt(3);
    const isGain = shape.length === 1 && name.endsWith('weight');
    const count = shape.reduce((product, n) => product * n, 1);
    return Promise.resolve(
      Float32Array.from({ length: count }, () => (isGain ? 1 + 0.1 * normal() : (shape.length === 1 ? 0.1 : 0.05) * normal())),
    );
  };
}

interface Runner {
  readonly images: number;
  /** Gives the seconds it took where it measures itself. */
  run(): Promise<number | void>;
}

async function bare(model: Model | string, name: string, channels: 1 | 3, size: number): Promise<Runner> {
  const path = typeof model === 'string' ? model : join(folder, `${name}.onnx`);
  if (typeof model !== 'string') writeFileSync(path, serialiseModel(model));
  const session = unwrap(await openSession(path, 'cpu', THREADS));
  const pixels = {
    shape: [BATCH, channels, size, size],
    data: Float32Array.from({ length: BATCH * channels * size ** 2 }, (_, i) => Math.sin(i / 7)),
  };
  return { images: BATCH, run: async () => void unwrap(await session.run({ pixels })) };
}

/** Seconds, of the clock on the wall or of all cores together. */
function now(): number {
  const { user, system } = process.cpuUsage();
  return byCores ? (user + system) / 1e6 : performance.now() / 1000;
}

/** Images/s of each, taking turns after one round of warming up: the median of the turns' rates, and of the ratios within a turn. */
async function race(a: Runner, b: Runner, turns = TURNS) {
  const rates: [number, number][] = [];
  for (let turn = -1; turn < turns; turn++) {
    const rate = async (runner: Runner) => {
      const started = now();
      const own = await runner.run();
      return runner.images / (own ?? now() - started);
    };
    const first = turn % 2 === 0 ? await rate(a) : await rate(b);
    const second = turn % 2 === 0 ? await rate(b) : await rate(a);
    const pair: [number, number] = turn % 2 === 0 ? [first, second] : [second, first];
    if (turn >= 0) rates.push(pair);
  }
  const median = (values: number[]) => values.sort((x, y) => x - y)[values.length >> 1] ?? NaN;
  return { a: median(rates.map(([x]) => x)), b: median(rates.map(([, y]) => y)), ratio: median(rates.map(([x, y]) => x / y)) };
}

const print = (...cells: (string | number)[]) =>
  console.log(
    cells.map((cell, i) => (typeof cell === 'number' ? cell.toFixed(cell < 10 ? 2 : 1) : cell).padEnd(i === 0 ? 58 : 14)).join(''),
  );

/** Matrix products of a block's size, one after the other and nothing else: the runtime's own limit. An "image" is 10^9 operations. */
async function matmulRate({ width, hidden }: Layout): Promise<Runner> {
  const graph = new Graph();
  const tokens = BATCH * 197;
  const pairs = 12;
  let x = graph.input('pixels', [tokens, width]);
  const up = graph.constant('up', [width, hidden], new Float32Array(width * hidden).fill(0.01));
  const down = graph.constant('down', [hidden, width], new Float32Array(width * hidden).fill(0.01));
  for (let i = 0; i < pairs; i++) x = graph.node('MatMul', [graph.node('MatMul', [x, up]), down]);
  graph.output(x, [tokens, width]);
  const path = join(folder, 'matmul.onnx');
  writeFileSync(path, serialiseModel({ opset: 18, graph, metadata: {} }));
  const session = unwrap(await openSession(path, 'cpu', THREADS));
  const pixels = { shape: [tokens, width], data: new Float32Array(tokens * width).fill(0.01) };
  return { images: (2 * 2 * pairs * tokens * width * hidden) / 1e9, run: async () => void unwrap(await session.run({ pixels })) };
}

try {
  const flags = cpus()[0]?.model ?? 'unknown';
  console.log(`${flags}, ${String(cpus().length)} cores, Node ${process.version}; ${String(TURNS)} turns a row\n`);
  const unit = byCores ? 'a core-second' : 'images/s';
  print('row', unit, unit, 'ratio', 'bar');
  const own = unwrap(await ensureBuiltin(folder));
  const builtin = { place: own.folder, runner: await bare(own.model, 'builtin', 1, 128) };
  const tiles = unwrap(
    await readTiles(
      imaging,
      files
        .filter((_, i) => i % 23 === 0)
        .slice(0, 32)
        .map((file) => ({ file, frame: null })),
      published.tile,
      context.signal,
    ),
  );
  await wholeWay('built-in', builtin.place, builtin.runner, 6 * BATCH);
  const gflops: Record<string, number> = { Ti: 2.52, S: 9.2, B: 35.2 };
  for (const size of sizes.split(',')) {
    const layout = layouts[size];
    const bar = bars[size];
    if (!layout || !bar) continue;
    const read = seededWeights(layout);
    const model = await evaXModel(layout, read);
    const fast = await bare(model, `${size}-fp32`, 3, 224);
    const plain = await race(fast, await bare(await plainModel(layout, read), `${size}-plain`, 3, 224));
    print(`${size} float32 over the plain graph`, plain.a, plain.b, plain.ratio, `>= ${String(bar.plain)}`);
    const share = await race(fast, await matmulRate(layout));
    const operations = gflops[size] ?? NaN;
    print(`${size} float32 GFLOP/s over the runtime's MatMul`, share.a * operations, share.b, share.ratio * operations, '>= 0.65');
    const card = {
      name: size,
      input: { name: 'pixels' as const, channels: 3 as const, size: 224 },
      preprocessing: published,
    };
    const comparison = { card, tiles, batch: 4, scratch: folder, signal: undefined, onImages: () => undefined };
    const quantised = await quantise(layout, read, comparison);
    const small = await bare(quantised.model, `${size}-int8`, 3, 224);
    const int8 = await race(small, fast);
    print(`${size} int8 over float32`, int8.a, int8.b, int8.ratio, `AMX ${String(bar.amx)}, VNNI ${String(bar.vnni)}`);
    let [difference, norm] = [0, 0];
    quantised.exact.forEach((value, i) => {
      difference += ((quantised.found[i] ?? NaN) - value) ** 2;
      norm += value ** 2;
    });
    print(`${size} int8 error over the feature's norm`, '', '', Math.sqrt(difference / norm).toFixed(4), `<= ${String(bar.error)}`);
    if (size === 'S') {
      const scattering = await race(builtin.runner, fast);
      print('built-in over S float32', scattering.a, scattering.b, scattering.ratio, '>= 20');
    }
    await overPyTorch(size, fast, small);
    const chunk = size === 'B' ? 2 * BATCH : 6 * BATCH;
    await wholeWay(`${size} float32`, await encoderOf(size, 'fp32', layout, model), fast, chunk);
    await wholeWay(`${size} int8`, await encoderOf(size, 'int8', layout, quantised.model), small, chunk);
  }
} finally {
  await imaging.close();
  rmSync(folder, { recursive: true });
}

/** Both precisions against those of PyTorch, where it is installed (COLLIMATE_PYTHON names its Python). */
async function overPyTorch(size: string, float32: Runner, int8: Runner): Promise<void> {
  const python = process.env['COLLIMATE_PYTHON'] ?? 'python3';
  const name = { Ti: 'tiny', S: 'small', B: 'base' }[size] ?? '';
  const child = spawn(python, [join(bench, 'pytorch.py'), name, String(BATCH), String(THREADS), clock], {
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  child.on('error', () => undefined);
  child.stdin.on('error', () => undefined);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const ready = await lines.next();
  if (ready.done === true) return print(`${size} over PyTorch and timm: not installed`, '', '', '');
  const turn = (precision: string): Runner => ({
    images: BATCH,
    run: async () => {
      child.stdin.write(`${precision}\n`);
      const answer = await lines.next();
      return Number(answer.value);
    },
  });
  for (const [ours, runner, theirs, bar] of [
    ['float32', float32, 'float32', ''],
    ['int8', int8, 'float32', '>= 2.5'],
    ['int8', int8, 'bfloat16', '>= 1.2'],
  ] as const) {
    const { a, b, ratio } = await race(runner, turn(theirs));
    print(`${size} ${ours} over PyTorch+timm ${theirs}`, a, b, ratio, bar);
  }
  child.stdin.end();
}

async function encoderOf(size: string, precision: 'fp32' | 'int8', { width }: Layout, model: Model): Promise<string> {
  const place = join(folder, `encoder-${size}-${precision}`);
  unwrap(
    await writeEncoderFolder(
      place,
      { model, states: null },
      {
        // Embeddings of one run are not those of another.
        id: createHash('sha256').update(place).digest('hex'),
        name: size,
        kind: 'eva-x',
        variant: null,
        input: { name: 'pixels', channels: 3, size: 224 },
        preprocessing: published,
        pooling: '',
        precision,
        outputs: { embedding: width },
        source: null,
        licence: '',
        head: null,
      },
      null,
      true,
    ),
  );
  return place;
}

/** From a folder of files to embeddings on disk, over the bare session. */
async function wholeWay(name: string, place: string, session: Runner, chunk: number): Promise<void> {
  const encoder = createEncoder({ profile: join(folder, 'profile'), imaging }, () => undefined);
  unwrap(await encoder.handlers.open({ folder: place, provider: 'cpu', threads: THREADS }, context));
  const turns = Math.min(TURNS, 5);
  for (const [from, bar, pictures] of await pictureFolders()) {
    let next = 0;
    const whole: Runner = {
      images: chunk,
      run: async () => {
        const items = pictures.slice(next, (next += chunk)).map((file) => ({ key: file, source: { file, frame: null } }));
        const { done } = unwrap(await encoder.handlers.embed({ items }, context));
        if (done !== chunk) throw new Error(`${String(done)} of ${String(chunk)}`);
      },
    };
    const alone: Runner = {
      images: chunk,
      run: async () => {
        for (let i = 0; i < chunk / BATCH; i++) await session.run();
      },
    };
    // Once to warm up: WebAssembly is compiled again while it runs.
    await decodeSeconds(pictures.slice(0, 24));
    const decode = await decodeSeconds(pictures.slice(0, 24));
    const { a, b, ratio } = await race(whole, alone, turns);
    const limit = 1 / (1 / b + decode / (byCores ? 1 : cpus().length));
    print(`${name}, whole way from ${from}, over bare`, a, b, ratio, name === 'S float32' ? bar : '');
    print(
      `  the same over 1/(1/bare + decode/cores), decode ${(1000 * decode).toFixed(0)} ms`,
      a,
      limit,
      a / limit,
      name === 'S float32' ? '>= 0.95' : '',
    );
  }
  unwrap(await encoder.close());
}

/** Core-seconds to decode and resample one of these files. */
async function decodeSeconds(pictures: readonly string[]): Promise<number> {
  const before = process.cpuUsage();
  unwrap(
    await readTiles(
      imaging,
      pictures.map((file) => ({ file, frame: null })),
      published.tile,
      context.signal,
    ),
  );
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6 / pictures.length;
}

/** Made once; every encoder reads them in its turn, each file once. */
async function pictureFolders(): Promise<[string, string, string[]][]> {
  pictures ??= await folders(6 * BATCH * (Math.min(TURNS, 5) + 1));
  return pictures;
}

async function folders(count: number): Promise<[string, string, string[]][]> {
  const vips = await Vips({ dynamicLibraries: [] });
  const png = (side: number, bits: 8 | 16) => {
    const into = join(folder, `png${String(side)}`);
    mkdirSync(into);
    const sources = files.slice(0, 6).map((file) => {
      const image = vips.Image.newFromBuffer(readFileSync(file)).resize(side / 512);
      const deep = bits === 16 ? image.linear([257], [0]).cast('ushort') : image.cast('uchar');
      return { name: join(into, file.split('/').at(-1) ?? ''), bytes: Buffer.from(deep.writeToBuffer('.png')) };
    });
    // The same few pictures over and over would be embedded once: a text behind the last chunk makes each file another.
    return Array.from({ length: count }, (_, i) => {
      const source = sources[i % sources.length];
      const path = join(into, `${String(i)}.png`);
      writeFileSync(path, Buffer.concat([source?.bytes ?? Buffer.alloc(0), Buffer.from(String(i))]));
      return path;
    });
  };
  const jpeg = files.slice(0, count).map((file, i) => {
    mkdirSync(join(folder, 'jpeg'), { recursive: true });
    const path = join(folder, 'jpeg', `${String(i)}.jpg`);
    copyFileSync(file, path);
    return path;
  });
  return [
    ['512-pixel JPEG', '>= 0.95', jpeg],
    ['1024-pixel PNG', '', png(1024, 8)],
    ['2,500-pixel 16-bit PNG', '', png(2500, 16)],
  ];
}
