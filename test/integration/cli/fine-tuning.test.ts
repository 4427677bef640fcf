import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { collimate, rowsOf, shared, succeed, temporaryFolder } from './command';

const checkpoint = join(shared, 'fixtures/eva-x/micro-packed.pt');
const missing = existsSync(checkpoint) ? '' : ' (skipped: ../shared/fixtures/eva-x is missing)';
const { path: work, remove } = temporaryFolder();
afterAll(remove);

const pool = ['--embeddings', 'e.npy', '--index', 'e.csv'];
const fit = (out: string, ...more: string[]) => ['fit', ...pool, '--labels', 'labels.csv', '--out', out, ...more];

describe.skipIf(missing !== '')(`heads fine-tuned on what EVA-X gives beyond the embedding${missing}`, () => {
  beforeAll(async () => {
    await succeed(work, 'convert', checkpoint, '--out', 'encoder');
    await succeed(work, 'sample', '--out', 'sample', '--count', '48');
    // Half of them: a pass over a block takes its time.
    const lines = (await readFile(join(work, 'sample/labels.csv'), 'utf8')).split('\n');
    await writeFile(join(work, 'labels.csv'), `${lines.slice(0, 25).join('\n')}\n`);
    await succeed(
      work,
      'embed',
      'sample/images',
      '--encoder',
      'encoder',
      '--out',
      'e.npy',
      '--index',
      'e.csv',
      '--tokens',
      'tokens.npy',
      '--block-input',
      'block.npy',
    );
  });

  test.each([
    ['attentive', ['--tokens', 'tokens.npy'], []],
    ['block', ['--block-input', 'block.npy'], ['--encoder', 'encoder']],
  ] as const)(
    'a head of kind %s is fitted, the same each time, proposes, and is exported to the same probabilities',
    async (kind, states, from) => {
      const made = await succeed(work, ...fit(kind, '--head', kind, ...states, ...from));
      expect(made).toMatchObject({
        kind,
        tuned: { loss: expect.any(Number) as number, linearLoss: expect.any(Number) as number },
      });
      await succeed(work, ...fit(`${kind}-again`, '--head', kind, ...states, ...from));
      expect(await readFile(join(work, `${kind}-again/head.safetensors`))).toEqual(await readFile(join(work, kind, 'head.safetensors')));

      await succeed(work, 'propose', '--head', kind, ...pool, ...states, '--out', `${kind}.csv`);
      const rows = await rowsOf(join(work, `${kind}.csv`));
      expect(rows.length).toBe(48);

      const common = ['export', '--head', kind, '--encoder', 'encoder', '--check', 'sample/images'];
      for (const parts of ['model', 'head']) {
        const exported = await succeed(work, ...common, '--out', `${kind}-${parts}`, '--parts', parts);
        expect(exported).toMatchObject({ checked: 24 });
        expect((exported as { maxDifference: number }).maxDifference).toBeLessThan(1e-4);
      }
      await succeed(work, 'predict', `${kind}-model`, 'sample/images', '--out', `${kind}-predictions.csv`);
      const predicted = new Map((await rowsOf(join(work, `${kind}-predictions.csv`))).map((row) => [row['path'], row]));
      const [, , ...findings] = Object.keys(rows[0] ?? {});
      expect(findings.length).toBeGreaterThan(0);
      for (const row of rows)
        for (const finding of findings)
          expect(Math.abs(Number(row[finding]) - Number(predicted.get(row['path'])?.[finding]))).toBeLessThan(1e-4);
    },
  );

  test('with --head auto the better one stays', async () => {
    const made = (await succeed(work, ...fit('auto', '--tokens', 'tokens.npy'))) as { kind: string; tuned: { wins: boolean } };
    expect(made.kind === 'attentive').toBe(made.tuned.wins);
  });

  test('says what is missing or does not fit', async () => {
    expect(await collimate(work, ...fit('none', '--head', 'attentive'))).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('--tokens') as string,
    });
    expect(await collimate(work, ...fit('none', '--head', 'block', '--block-input', 'block.npy'))).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('--block-input and --encoder go together') as string,
    });
    const without = await collimate(work, 'propose', '--head', 'attentive', ...pool, '--out', 'p.csv');
    expect(without).toMatchObject({ code: 2, stderr: expect.stringContaining('name what it reads with --tokens') as string });
    const wrong = await collimate(work, ...fit('none', '--head', 'attentive', '--tokens', 'e.npy'));
    expect(wrong).toMatchObject({ code: 1, stderr: expect.stringContaining('it does not describe tokens') as string });
  });
});
