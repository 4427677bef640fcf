import { parse } from 'csv-parse/sync';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { comparePaths } from '../../../../src/contract/order';
import { decodeImage } from '../../../../src/imaging/formats/decode';
import { findingNames, makeSample, sampleFormats } from '../../../../src/imaging/phantoms';
import { drawPhantom, planSample } from '../../../../src/imaging/phantoms/plan';
import { createImaging } from '../../../../src/imaging/service';
import { workerUrl } from '../worker-build';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'collimate-sample-'));
});
afterEach(async () => rm(folder, { recursive: true, force: true }));

test('a sample is a folder of images and a table of labels, the same in worker threads and here', async () => {
  const progress: number[] = [];
  const here = join(folder, 'here');
  const there = join(folder, 'there');
  expect(await makeSample({ out: here, count: 6, format: 'png', seed: 5, onProgress: (done) => progress.push(done) })).toEqual({
    ok: true,
    value: { images: 6 },
  });
  expect(progress).toEqual([1, 2, 3, 4, 5, 6]);
  const drawn: number[] = [];
  const imaging = createImaging({ workerUrl: await workerUrl(), threads: 2 }, (_event, { done }) => drawn.push(done));
  const { signal } = new AbortController();
  expect(await imaging.sample({ out: there, count: 6, seed: 5 }, { signal })).toEqual({
    ok: true,
    value: { images: 6, findings: [...findingNames] },
  });
  expect(drawn).toEqual([1, 2, 3, 4, 5, 6]);
  await imaging.close();
  const table = await readFile(join(here, 'labels.csv'), 'utf8');
  expect(await readFile(join(there, 'labels.csv'), 'utf8')).toBe(table);
  const rows = parse<Record<string, string>>(table, { columns: true });
  expect(Object.keys(rows[0] ?? {})).toEqual(['path', 'patient', ...findingNames]);
  const paths = rows.map(({ path }) => path ?? '');
  expect(paths).toEqual((await readdir(join(here, 'images'))).sort(comparePaths));
  for (const path of paths) expect(await readFile(join(there, 'images', path))).toEqual(await readFile(join(here, 'images', path)));
});

test.each(sampleFormats)('%s holds the drawn samples', async (format) => {
  const out = join(folder, format);
  await makeSample({ out, count: 5, format, seed: 1 });
  for (const { plan, name, patientId } of planSample(5, 1)) {
    const raster = await decodeImage(await readFile(join(out, 'images', `${name}.${format === 'dicom' ? 'dcm' : 'png'}`)), null);
    const drawn = drawPhantom(plan);
    const expected = format === 'png' ? Uint8Array.from(drawn, (v) => v >> 4) : raster.inverted ? drawn.map((v) => 4095 - v) : drawn;
    expect(raster.data).toEqual(expected);
    expect(raster.inverted).toBe(format === 'dicom' && plan.patient % 4 === 0);
    expect([raster.patient, raster.view]).toEqual(format === 'dicom' ? [patientId, 'PA'] : [null, null]);
  }
});

test('another seed draws other patients, and some come twice with the same labels', () => {
  const images = planSample(300, 0);
  expect(images).toHaveLength(300);
  expect(planSample(300, 1).map(({ labels }) => labels)).not.toEqual(images.map(({ labels }) => labels));
  const patients = new Map<string, string>();
  for (const { patientId, labels } of images) {
    const text = JSON.stringify(labels);
    expect(patients.get(patientId) ?? text).toBe(text);
    patients.set(patientId, text);
  }
  expect(patients.size).toBeGreaterThan(200);
  expect(patients.size).toBeLessThan(290);
  for (const finding of findingNames) {
    const present = images.filter(({ labels }) => labels[finding]).length;
    expect(present).toBeGreaterThan(30);
    expect(present).toBeLessThan(130);
  }
});

test('a folder that holds something is left alone, and a stop is answered', async () => {
  const options = { out: folder, count: 2, format: 'png', seed: 0 } as const;
  expect(await makeSample({ ...options, signal: AbortSignal.abort() })).toMatchObject({ ok: false, failure: { code: 'stopped' } });
  expect(await makeSample(options)).toMatchObject({ ok: true });
  expect(await makeSample(options)).toMatchObject({ ok: false, failure: { code: 'output-exists' } });
});
