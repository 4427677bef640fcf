import { readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { embeddingName, type EmbeddedItem } from '../../../src/contract/jobs/encoder';
import { unwrap } from '../../../src/contract/result';
import { createEncoder } from '../../../src/encoder/service';
import { EmbeddingStore } from '../../../src/encoder/store/store';
import { encodePng } from '../../../src/imaging/phantoms/png';
import { createImaging, type Imaging } from '../../../src/imaging/service';
import { greyFile, type Elements } from '../imaging/formats/dicom/write';
import { workerUrl } from '../imaging/worker-build';

let root: string;
let imaging: Imaging;
const files = ['outside.dcm', 'inside.dcm', 'plain.png'];

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'collimate-display-'));
  imaging = createImaging({ workerUrl: await workerUrl(), threads: 2 });
  const side = 200;
  const samples = Array.from({ length: side * side }, (_, i) => 12_000 + ((i * 7) % side) * 10 + Math.floor(i / side) * 9);
  const window = (center: number, width: number): Elements => ({
    '00280010': ['US', [side]],
    '00280011': ['US', [side]],
    '00281050': ['DS', String(center)],
    '00281051': ['DS', String(width)],
  });
  await writeFile(join(root, 'outside.dcm'), greyFile(samples, window(3174, 2426)));
  await writeFile(join(root, 'inside.dcm'), greyFile(samples, window(14_000, 4000)));
  await writeFile(
    join(root, 'plain.png'),
    encodePng(
      Uint8Array.from(samples, (sample) => (sample - 12_000) / 16),
      side,
      side,
    ),
  );
});
afterAll(async () => {
  await imaging.close();
  await rm(root, { recursive: true, force: true });
});

/** One run over the folder: what was told, the rows, and which files were decoded. */
async function run(profile: string) {
  const items: EmbeddedItem[] = [];
  const decoded: string[] = [];
  const read: Imaging['read'] = (params, context) => {
    decoded.push(params.source.file);
    return imaging.read(params, context);
  };
  const encoder = createEncoder({ profile, imaging: { read, identify: imaging.identify } }, (event, payload) => {
    if (event === 'embedded' && 'items' in payload) items.push(...payload.items);
  });
  const context = new AbortController();
  const { card } = unwrap(await encoder.handlers.open({ folder: 'builtin', provider: 'cpu', threads: 1 }, context));
  unwrap(await encoder.handlers.embed({ items: files.map((key) => ({ key, source: { file: join(root, key), frame: null } })) }, context));
  const told = items.flatMap((item) => (item.status === 'ok' ? [item] : []));
  const names = told.map(({ facts }) => embeddingName(facts.sha256, null));
  const { rows, d } = unwrap(await encoder.handlers.fetch({ names }, context));
  unwrap(await encoder.close());
  const row = (key: string) => rows.slice(files.indexOf(key) * d, (files.indexOf(key) + 1) * d);
  return { card, told, names, d, row, decoded: decoded.map((file) => file.slice(root.length + 1)) };
}

/** A store as it was before the display rule was counted: rows of rule 0, facts without one, and a black picture where the window lay outside. */
async function before(profile: string, fresh: Awaited<ReturnType<typeof run>>): Promise<void> {
  const folder = join(profile, 'embeddings', fresh.card.id);
  const store = unwrap(await EmbeddingStore.open(folder, { encoder: fresh.card.id, d: fresh.d, type: 'float16' }));
  files.forEach((key, i) => {
    const values = key === 'outside.dcm' ? new Float32Array(fresh.d) : fresh.row(key);
    store.append(fresh.names[i] ?? '', values, { batch: 8, provider: 'cpu', display: 0 });
  });
  unwrap(await store.close());
  const lines = fresh.told.map(({ facts: { format, width, height, bits, channels, orientation } }, i) =>
    JSON.stringify({ name: fresh.names[i], facts: { format, width, height, bits, channels, orientation } }),
  );
  writeFileSync(join(folder, 'facts.jsonl'), lines.join('\n'));
}

test('rows of an earlier display rule are made again where the picture is another one, and nowhere else', async () => {
  const fresh = await run(join(root, 'fresh'));
  expect(fresh.told.map(({ facts }) => facts.notes)).toEqual([['window-empty'], [], []]);
  const profile = join(root, 'old');
  await before(profile, fresh);
  const after = await run(profile);
  expect(after.decoded.sort()).toEqual(['inside.dcm', 'outside.dcm']);
  expect(after.told.map(({ reused, redrawn = false }) => [reused, redrawn])).toEqual([
    [false, true],
    [true, false],
    [true, false],
  ]);
  for (const key of files) expect(after.row(key)).toEqual(fresh.row(key));
  const again = await run(profile);
  expect(again.decoded).toEqual([]);
  expect(again.told.map(({ facts }) => facts)).toEqual(fresh.told.map(({ facts }) => facts));
  expect(again.told.every(({ reused, redrawn }) => reused && redrawn === undefined)).toBe(true);
  expect(readFileSync(join(profile, 'embeddings', fresh.card.id, 'facts.jsonl'), 'utf8')).not.toContain('patient');
});
