import { parse } from 'csv-parse/sync';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { collimate } from './command-line';
import { Person } from './person';

const checkpoint = resolve(import.meta.dirname, '../../../shared/fixtures/eva-x/micro-packed.full.pt');
const missing = !existsSync(checkpoint);

describe.skipIf(missing)(`an EVA-X checkpoint in the app${missing ? ' (../shared/fixtures/eva-x is not there)' : ''}`, () => {
  const folder = mkdtempSync(join(tmpdir(), 'collimate-'));
  let person: Person;

  beforeAll(async () => {
    await collimate('sample', '--out', join(folder, 'phantoms'), '--count', '60');
    person = await Person.start({ profile: join(folder, 'profile') });
  });
  afterAll(async () => {
    await person.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('is imported, embeds a folder, and comes out as a model that says the same', async () => {
    const images = join(folder, 'phantoms/images');
    await person.createProject(
      { folder: images, name: 'With EVA-X', task: 'multiclass', findings: ['small heart', 'large heart'] },
      { importing: checkpoint },
    );
    await person.embedded();
    const truth = new Map(
      parse<Record<string, string>>(readFileSync(join(folder, 'phantoms/labels.csv')), { columns: true }).map((row) => [
        row['path'] ?? '',
        row['cardiomegaly'] === '1',
      ]),
    );
    // Random weights see no hearts: which images come first is chance, and a head wants both kinds.
    let large = 0;
    for (let i = 0; i < 12 || large < 2; i++) {
      const { path } = await person.current();
      if (truth.get(path) === true) large += 1;
      await person.answer([truth.get(path) === true ? '2' : '1'], true);
    }
    const { byPath, findings } = await person.round();
    expect(byPath.size).toBe(60);

    const files = await person.export('model', join(folder, 'out'));
    const model = dirname(files.find((file) => file.endsWith('model.onnx')) ?? '');
    expect(readFileSync(join(model, 'README.md'), 'utf8')).toMatch(/licence/i);
    await collimate('predict', model, images, '--out', join(folder, 'predictions.csv'));
    const rows = parse<Record<string, string>>(readFileSync(join(folder, 'predictions.csv')), { columns: true });
    expect(rows).toHaveLength(60);
    for (const row of rows) {
      findings.forEach((finding, column) => {
        expect(Math.abs(Number(row[finding]) - (byPath.get(row['path'] ?? '')?.[column] ?? NaN))).toBeLessThanOrEqual(1e-4);
      });
    }
  });
});
