import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { shared, succeed, temporaryFolder } from './command';

const checkpoint = join(shared, 'fixtures/eva-x/micro-split.pt');
const { path: work, remove } = temporaryFolder();
afterAll(remove);

test('a checkpoint becomes an encoder that embeds', async ({ skip }) => {
  skip(!existsSync(checkpoint), '../shared/fixtures/eva-x is missing');
  const { id, d } = await succeed(work, 'convert', checkpoint, '--out', 'encoder');
  await succeed(work, 'sample', '--out', 'sample', '--count', '4');
  await succeed(work, 'embed', 'sample/images', '--encoder', 'encoder', '--out', 'e.npy', '--index', 'e.csv');
  expect(JSON.parse(await readFile(join(work, 'e.json'), 'utf8'))).toMatchObject({ d, count: 4, encoder: { id } });
});
