import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { rowsOf, shared, succeed, temporaryFolder } from './command';

const { path: work, remove } = temporaryFolder();
afterAll(remove);

test('the head of a fine-tuned file proposes before any label, and speaks on beside a fitted one until that is better', async ({
  skip,
}) => {
  const tuned = join(shared, 'fixtures/eva-x/micro-split.finetuned14.pt');
  skip(!existsSync(tuned), '../shared/fixtures/eva-x is missing');
  const { head, id } = await succeed(work, 'convert', tuned, '--out', 'tuned', '--findings', 'chestx-ray14');
  expect(head).toMatchObject({ task: 'multilabel', named: 'by hand' });
  await succeed(work, 'sample', '--out', 'phantoms', '--count', '24');
  const table = ['--embeddings', 't.npy', '--index', 't.csv'];
  await succeed(work, 'embed', 'phantoms/images', '--encoder', 'tuned', '--out', 't.npy', '--index', 't.csv');
  await succeed(work, 'propose', ...table, '--head', 'tuned', '--out', 'p.csv');
  const proposals = await rowsOf(join(work, 'p.csv'));
  expect(proposals).toHaveLength(24);
  expect(Object.keys(proposals[0] ?? {})).toEqual(['path', 'frame', ...(head as { findings: string[] }).findings]);

  const paths = proposals.map(({ path }) => path ?? '');
  const rows = paths.slice(0, 4).map((path, i) => `${path},${String(i % 2)},${String((i + 1) % 2)}`);
  await writeFile(join(work, 'few.csv'), `path,Cardiomegaly,Fracture\n${rows.join('\n')}\n`);
  const fitted = await succeed(work, 'fit', ...table, '--labels', 'few.csv', '--ready', 'tuned', '--out', 'both');
  expect(fitted['ready']).toEqual([true, false]);
  await succeed(work, 'propose', ...table, '--head', 'both', '--out', 'b.csv');
  expect(await rowsOf(join(work, 'b.csv'))).toHaveLength(24);
  // The exported model is compared with the proposals before it is kept.
  const written = await succeed(work, 'export', '--head', 'both', '--encoder', 'tuned', '--out', 'model', '--check', 'phantoms/images');
  expect(written['maxDifference']).toBeLessThan(1e-4);
  const card = await readFile(join(work, 'model/README.md'), 'utf8');
  expect(card).toContain('Cardiomegaly');
  expect(card).toMatch(/head that came with the encoder/);
  expect(JSON.parse(await readFile(join(work, 'both/head.json'), 'utf8'))).toMatchObject({ encoder: { id } });

  // Beside a fine-tuned head too, which reads something else.
  await succeed(
    work,
    'embed',
    'phantoms/images',
    '--encoder',
    'tuned',
    '--out',
    't.npy',
    '--index',
    't.csv',
    '--tokens',
    'x.npy',
    '--overwrite',
  );
  const more = paths.slice(0, 8).map((path, i) => `${path},${String(i % 2)},${String((i >> 1) % 2)}`);
  await writeFile(join(work, 'more.csv'), `path,Cardiomegaly,Fracture\n${more.join('\n')}\n`);
  const attentive = ['--head', 'attentive', '--tokens', 'x.npy'];
  const beside = await succeed(work, 'fit', ...table, '--labels', 'more.csv', '--ready', 'tuned', ...attentive, '--out', 'beside');
  expect(beside).toMatchObject({ kind: 'attentive', ready: [true, false] });
  await succeed(work, 'propose', ...table, '--head', 'beside', '--tokens', 'x.npy', '--out', 'a.csv');
  const own = new Map((await rowsOf(join(work, 'a.csv'))).map((row) => [row['path'], row]));
  for (const parts of ['model', 'head']) {
    const out = ['--out', `beside-${parts}`, '--parts', parts, '--check', 'phantoms/images'];
    const exported = await succeed(work, 'export', '--head', 'beside', '--encoder', 'tuned', ...out);
    expect(exported['maxDifference']).toBeLessThan(1e-4);
  }
  await succeed(work, 'predict', 'beside-model', 'phantoms/images', '--out', 'predictions.csv');
  for (const row of await rowsOf(join(work, 'predictions.csv')))
    for (const finding of ['Cardiomegaly', 'Fracture'])
      expect(Math.abs(Number(row[finding]) - Number(own.get(row['path'])?.[finding]))).toBeLessThan(1e-4);
});
