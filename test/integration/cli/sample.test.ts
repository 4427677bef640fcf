import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { contents, rowsOf, start, succeed, temporaryFolder } from './command';

const { path: work, remove } = temporaryFolder();
afterAll(remove);

test.each(['png', 'png16', 'dicom'])('a sample of %s is embedded, image for image', async (format) => {
  await succeed(work, 'sample', '--out', format, '--count', '5', '--format', format, '--seed', '7');
  await succeed(work, 'embed', `${format}/images`, '--encoder', 'builtin', '--out', `${format}.npy`, '--index', `${format}.csv`);
  const labels = await rowsOf(join(work, format, 'labels.csv'));
  const index = await rowsOf(join(work, `${format}.csv`));
  expect(index.map(({ path }) => path)).toEqual(labels.map(({ path }) => path));
  expect(index.every(({ status, width }) => status === 'ok' && width === '512')).toBe(true);
});

test('the patient of a DICOM header is hashed, with the salt', async () => {
  const args = ['embed', 'dicom/images', '--encoder', 'builtin', '--overwrite', '--out', 'dicom.npy', '--index', 'dicom.csv'];
  const patients = async (...more: string[]) => {
    await succeed(work, ...args, ...more);
    return (await rowsOf(join(work, 'dicom.csv'))).map(({ patient = '' }) => patient);
  };
  const [usual, salted] = [await patients(), await patients('--patient-salt', 'other')];
  for (const patient of [...usual, ...salted]) expect(patient).toMatch(/^[0-9a-f]{32}$/);
  expect(usual.some((patient) => salted.includes(patient))).toBe(false);
});

test('the same seed draws the same bytes, another one others', async () => {
  for (const [name, seed] of [
    ['a', '1'],
    ['b', '1'],
    ['c', '2'],
  ] as const)
    await succeed(work, 'sample', '--out', name, '--count', '2', '--seed', seed);
  const bytes = async (name: string) =>
    Promise.all((await contents(join(work, name, 'images'))).map((file) => readFile(join(work, name, 'images', file))));
  expect(await bytes('a')).toEqual(await bytes('b'));
  expect(await bytes('a')).not.toEqual(await bytes('c'));
});

test('without --json the result is a sentence on standard output, and progress goes elsewhere', async () => {
  const { code, stdout, stderr } = await start(work, ['sample', '--out', 'plain', '--count', '2']).ended;
  expect(code).toBe(0);
  expect(stdout).toBe('2 images in plain/images, their findings in plain/labels.csv.\n');
  expect(stderr).toMatch(/^Drawing: 2 of 2 in /m);
});

test('doctor has a line for each part, and every line is a sentence', async () => {
  const { findings } = (await succeed(work, 'doctor')) as { findings: { what: string; state: string; text: string }[] };
  expect(findings.map(({ what }) => what)).toEqual(
    expect.arrayContaining(['Node', 'Encoder', 'Tensors', 'Imaging', 'Memory', 'Profile', 'Electron']),
  );
  for (const { state, text } of findings) {
    expect(['ok', 'warn']).toContain(state);
    expect(text).toMatch(/[.]$/);
  }
  expect(findings.find(({ what }) => what === 'Imaging')?.state).toBe('ok');
  expect(findings.find(({ what }) => what === 'Encoder')?.state).toBe('ok');
});
