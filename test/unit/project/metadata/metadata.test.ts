import fc from 'fast-check';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { factsOf } from '../../../../src/contract/facts';
import type { ImageRecord, Project } from '../../../../src/contract/model';
import { fail, ok, unwrap } from '../../../../src/contract/result';
import { Metadata } from '../../../../src/project/metadata/metadata';
import { groupsOf } from '../../../../src/main/projects/base';
import { groupedFolds, holdOut } from '../../../../src/trainer/splits';
import { makeImage, makeProject } from '../../renderer/made-up/project';

const folder = mkdtempSync(join(tmpdir(), 'collimate-metadata-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const tableOf = (text: string) => {
  const file = join(folder, 'patients.csv');
  writeFileSync(file, text);
  return { kind: 'table', file } as const;
};
const PATTERN = { kind: 'pattern', pattern: '{patient}_{view}_*.png' } as const;

/** A project in memory: what is saved counts at once. */
class Store {
  project: Project = makeProject();
  readonly images = new Map<string, ImageRecord>();
  readonly order: string[] = [];
  full = false;
  readonly metadata = new Metadata({
    project: () => this.project,
    images: () => this.images.values(),
    saveImages: (images) => {
      if (this.full) return Promise.resolve(fail('disk-full', { folder }));
      this.order.push('images');
      for (const image of images) this.images.set(image.id, image);
      return Promise.resolve(ok());
    },
    saveProject: (project) => {
      this.order.push('project');
      this.project = project;
      return Promise.resolve(ok());
    },
    patientInFile: () => Promise.resolve('of the header'),
  });

  constructor(paths: readonly string[], more: Partial<ImageRecord> = {}) {
    this.add(paths, more);
  }

  add(paths: readonly string[], more: Partial<ImageRecord> = {}) {
    for (const path of paths) {
      const image = { ...makeImage(this.images.size + 1, path), ...more };
      this.images.set(image.id, image);
    }
  }

  facts() {
    return Object.fromEntries([...this.images.values()].map((image) => [image.path, factsOf(image)]));
  }
}

describe('the rule for patients and views', () => {
  it('goes before the header, and is taken back whole', async () => {
    const store = new Store(['1_PA_a.png', '1_LAT_b.png', 'other.png'], { patient: 'header', view: 'AP', study: '1.2' });
    const before = store.facts();
    expect(unwrap(await store.metadata.apply(PATTERN))).toEqual({ images: 3, matched: 2, patients: 1 });
    const facts = store.facts();
    expect(facts['1_PA_a.png']).toEqual({ patient: facts['1_LAT_b.png']?.patient, study: '1.2', view: 'PA' });
    expect(facts['other.png']).toEqual(before['other.png']);
    // A hash: neither the id nor what it is in another project.
    expect(facts['1_PA_a.png']?.patient).toMatch(/^[0-9a-f]{32}$/);
    expect(JSON.stringify([...store.images.values()].map(({ patient, stated }) => [patient, stated]))).not.toContain('"1"');
    expect(store.project.metadata).toEqual(PATTERN);
    // The images come before the rule: an end in between leaves no rule that its images do not follow.
    expect(store.order).toEqual(['images', 'project']);
    await store.metadata.apply(null);
    expect(store.facts()).toEqual(before);
    expect(store.project.metadata).toBeUndefined();
  });

  it('that fits nothing, or cannot be saved, changes nothing', async () => {
    const store = new Store(['1_PA_a.png']);
    const before = [...store.images.values()];
    expect(await store.metadata.apply({ kind: 'pattern', pattern: '{patient}-*.png' })).toMatchObject({
      failure: { code: 'metadata-unmatched' },
    });
    store.full = true;
    expect(await store.metadata.apply(PATTERN)).toMatchObject({ failure: { code: 'disk-full' } });
    expect([...store.images.values()]).toEqual(before);
    expect(store.project.metadata).toBeUndefined();
  });

  it('holds for images that come later; what was said before stays, whatever became of the table', async () => {
    const store = new Store(['1.png', '2.png']);
    const rule = tableOf('path,patient\n1.png,A\n2.png,A\n3.png,A\n');
    await store.metadata.apply(rule);
    const before = store.facts();
    writeFileSync(rule.file, 'path,patient\n1.png,Z\n3.png,A\n');
    store.add(['3.png']);
    expect(await store.metadata.fill()).toBe(true);
    expect(store.facts()).toMatchObject(before);
    expect(store.facts()['3.png']?.patient).toBe(before['1.png']?.patient);
    rmSync(rule.file);
    store.add(['4.png']);
    expect(await store.metadata.fill()).toBe(false);
    expect(store.metadata.failure).toMatchObject({ code: 'file-unreadable' });
    expect(store.facts()).toMatchObject(before);
  });

  it('the id itself is read from where it is written, and only while that says the same', async () => {
    const store = new Store(['1.png', '2.png']);
    const rule = tableOf('path,patient\n1.png,A\n');
    const [first, second] = store.images.values();
    if (!first || !second) throw new Error('two images');
    await store.metadata.apply(rule);
    const patient = async (image: ImageRecord) => unwrap(await store.metadata.patientOf(store.images.get(image.id) ?? image));
    expect(await patient(first)).toBe('A');
    expect(await patient(second)).toBe('of the header');
    writeFileSync(rule.file, 'path,patient\n1.png,B\n');
    await store.metadata.fill();
    expect(await patient(first)).toBeNull();
    await store.metadata.apply({ kind: 'pattern', pattern: '{patient}' });
    expect(await patient(first)).toBe('1');
  });
});

describe('every split keeps the stated patients on one side', () => {
  const cells = fc.array(fc.record({ patient: fc.integer({ min: 0, max: 9 }), state: fc.integer({ min: -1, max: 1 }) }), {
    minLength: 2,
    maxLength: 60,
  });

  it.each(['pattern', 'table'] as const)('by a %s', async (kind) => {
    await fc.assert(
      fc.asyncProperty(cells, fc.integer({ min: 0, max: 1000 }), fc.integer({ min: 2, max: 6 }), async (images, seed, folds) => {
        const paths = images.map(({ patient }, i) => `P${String(patient)}_PA_${String(i)}.png`);
        // Headers that put the images of one patient apart.
        const store = new Store(paths);
        for (const image of store.images.values()) store.images.set(image.id, { ...image, patient: image.id });
        const text = paths.map((path, i) => `${path},P${String(images[i]?.patient)}`).join('\n');
        unwrap(await store.metadata.apply(kind === 'pattern' ? PATTERN : tableOf(`path,patient\n${text}\n`)));
        const groups = groupsOf([...store.images.values()].map((image) => ({ image })));
        const y = Int8Array.from(images, ({ state }) => state);
        const sides: ArrayLike<number>[] = [groupedFolds(groups, { findings: 1, y }, folds, seed)];
        const { held } = holdOut(groups, 0.3, seed);
        sides.push(Int8Array.from(images, (_, i) => Number(held.includes(i))));
        for (const side of sides) {
          const seen = new Map<number, number>();
          images.forEach(({ patient }, i) => {
            expect(seen.get(patient) ?? side[i]).toBe(side[i]);
            seen.set(patient, side[i] ?? -1);
          });
        }
      }),
      { numRuns: 40 },
    );
  });
});
