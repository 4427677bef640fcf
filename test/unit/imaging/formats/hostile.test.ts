import { parse } from 'csv-parse/sync';
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ImageFacts } from '../../../../src/contract/jobs/imaging';
import type { Result } from '../../../../src/contract/result';
import { scanFolder } from '../../../../src/project/folder/scan';
import { createImaging, type Imaging } from '../../../../src/imaging/service';
import { missing, shared } from '../shared';
import { workerUrl } from '../worker-build';

const folder = join(shared, 'data/hostile');
const absent = missing('data/hostile');
const signal = new AbortController().signal;
const recipe = { crop: 'official', resize: 256, size: 224, colour: 'keep', filter: 'pillow-bicubic' } as const;

describe.skipIf(absent)('broken, odd and dangerous files', () => {
  let imaging: Imaging;
  let peak = 0;
  beforeAll(async () => {
    imaging = createImaging({ workerUrl: await workerUrl(), threads: 1, seconds: 20 });
  });
  afterAll(async () => imaging.close());

  const read = async (path: string): Promise<Result<{ facts: ImageFacts }>> => {
    const result = await imaging.read({ source: { file: resolve(folder, path), frame: null }, priority: 2, tile: recipe }, { signal });
    peak = Math.max(peak, process.memoryUsage.rss());
    return result;
  };

  // The verdicts are our own: `-u` writes them again, and the difference is to be read.
  test('every file has its verdict, none crashes the decoder or takes too long', { timeout: 300_000 }, async () => {
    const before = process.memoryUsage.rss();
    const lines = ['file,verdict'];
    const names = readdirSync(folder, { recursive: true, encoding: 'utf8', withFileTypes: true })
      .filter((entry) => entry.isFile() && !/\.(csv|md|toml|json|sh|txt)$/i.test(entry.name))
      .map((entry) =>
        join(entry.parentPath, entry.name)
          .slice(folder.length + 1)
          .replaceAll('\\', '/'),
      )
      .sort();
    expect(names.length).toBeGreaterThan(400);
    const bad: string[] = [];
    for (const name of names) {
      const result = await read(name);
      const verdict = result.ok ? describeFacts(result.value.facts) : result.failure.code;
      if (/decoder-crashed|image-timeout/.test(verdict)) bad.push(`${name}: ${verdict}`);
      lines.push(`${/[,"\n]/.test(name) ? `"${name.replaceAll('"', '""')}"` : name},${verdict}`);
    }
    expect(bad).toEqual([]);
    await expect(`${lines.join('\n')}\n`).toMatchFileSnapshot('../../../reference/imaging/hostile-verdicts.csv');
    // Headers that claim gigapixels and texts that unpack to 200 MB must not reach memory.
    expect(peak - before).toBeLessThan(700e6);
  });

  test.skipIf(missing('data/dicom'))('the DICOM collection neither: time and memory hold', { timeout: 120_000 }, async () => {
    const dicom = join(shared, 'data/dicom');
    const before = process.memoryUsage.rss();
    const bad: string[] = [];
    const names = readdirSync(dicom, { recursive: true, encoding: 'utf8', withFileTypes: true })
      .filter((entry) => entry.isFile() && !/\.(csv|md|json|png)$/i.test(entry.name))
      .map((entry) => join(entry.parentPath, entry.name));
    expect(names.length).toBeGreaterThan(75);
    peak = 0;
    for (const name of names) {
      const start = performance.now();
      const result = await read(name);
      const code = result.ok ? 'read' : result.failure.code;
      const seconds = (performance.now() - start) / 1000;
      if (!/^(read|image-(corrupt|unsupported|none|format-unknown))$/.test(code) || seconds > 10)
        bad.push(`${name}: ${code}, ${seconds.toFixed(1)} s`);
    }
    expect(bad).toEqual([]);
    expect(peak - before).toBeLessThan(700e6);
  });

  test('made/expect.csv holds', { timeout: 120_000 }, async () => {
    const rows = parse<{ file: string; expect: string }>(readFileSync(join(folder, 'made/expect.csv')), { columns: true });
    const present = new Set(readdirSync(join(folder, 'made/files')));
    const wrong: string[] = [];
    for (const { file, expect: expected } of rows) {
      const name = file.replace('files/', '');
      // "skip" is the scan's business, the odd names are made by a script, "either" is free.
      if (!file.startsWith('files/') || !present.has(name) || !['ok', 'error'].includes(expected)) continue;
      const result = await read(`made/files/${name}`);
      if (result.ok !== (expected === 'ok')) wrong.push(`${file}: ${expected}`);
    }
    expect(wrong).toEqual([]);
  });

  test('what expect.csv wants skipped is skipped by the scan, what is to be read or refused is not', async () => {
    const rows = parse<{ file: string; expect: string }>(readFileSync(join(folder, 'made/expect.csv')), { columns: true });
    const outcomes = new Map<string, string>();
    for await (const batch of scanFolder(join(folder, 'made/files'))) {
      if (batch.ok) for (const entry of batch.value) outcomes.set(`files/${entry.path}`, entry.kind === 'file' ? 'file' : entry.reason);
    }
    const wrong = rows.flatMap(({ file, expect: expected }) => {
      const outcome = outcomes.get(file);
      if (outcome === undefined || expected === 'either') return [];
      // A format that is known and not read is refused by the scan already, and so is what is an image by its name alone.
      const unsupported = outcome === 'format-unsupported' || outcome === 'misnamed';
      const right = expected === 'skip' ? outcome !== 'file' : outcome === 'file' || (unsupported && expected !== 'ok');
      return right ? [] : [`${file}: ${expected}, but ${outcome}`];
    });
    expect(wrong).toEqual([]);
    expect(rows.filter(({ file, expect: expected }) => expected === 'skip' && outcomes.has(file)).length).toBeGreaterThan(5);
  });

  test('all eight EXIF orientations look like the upright picture', async () => {
    const pixels = async (name: string) => {
      const result = await imaging.pixels({ source: { file: join(folder, 'made/files', name), frame: null }, priority: 0 }, { signal });
      if (!result.ok) throw new Error(result.failure.code);
      return { ...result.value, data: Array.from<number>(result.value.data) };
    };
    const base = await pixels('base.jpg');
    for (const n of [2, 3, 4, 5, 6, 7, 8]) {
      const turned = await pixels(`jpeg-exif-orientation-${String(n)}.jpg`);
      expect([turned.width, turned.height]).toEqual([512, 400]);
      const difference = turned.data.reduce((sum, value, i) => sum + Math.abs(value - (base.data[i] ?? 0)), 0) / turned.data.length;
      expect(difference).toBeLessThan(4);
    }
  });

  test('true 16-bit radiographs keep their sample values', async () => {
    const values = JSON.parse(readFileSync(join(folder, 'real16/values.json'), 'utf8')) as Record<
      string,
      { size: number[]; min: number; max: number; mean: number }
    >;
    for (const [name, { size, min, max, mean }] of Object.entries(values)) {
      const result = await imaging.pixels({ source: { file: join(folder, 'real16', name), frame: null }, priority: 0 }, { signal });
      if (!result.ok) throw new Error(result.failure.code);
      const { width, height } = result.value;
      const data = Array.from<number>(result.value.data);
      expect([width, height]).toEqual(size);
      const sum = data.reduce((a, b) => a + b, 0);
      expect([data.reduce((a, b) => Math.min(a, b), 65535), data.reduce((a, b) => Math.max(a, b), 0)]).toEqual([min, max]);
      expect(sum / data.length).toBeCloseTo(mean, 6);
    }
  });
});

const describeFacts = ({ width, height, channels, bits, format, orientation }: ImageFacts) =>
  `${format} ${String(width)}x${String(height)}x${String(channels)} ${String(bits)} bit${orientation === 1 ? '' : ` orientation ${String(orientation)}`}`;
