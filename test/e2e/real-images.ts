import { copyFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { parse } from 'csv-parse/sync';
import { z } from 'zod';

const folder = resolve(import.meta.dirname, '../../../shared/data/cxr');

/** Why tests on real images are skipped, or null. */
export const noRealImages = existsSync(join(folder, 'labels.csv')) ? null : 'the folder ../shared/data/cxr is not there';

const Row = z.object({ path: z.string(), set: z.string(), label: z.string(), patient: z.string() });

/** A seeded shuffle, so that a test takes the same images every time (mulberry32). */
export function shuffled<T>(items: readonly T[], seed: number): T[] {
  const result = [...items];
  let state = seed >>> 0;
  const random = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  for (let i = result.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [result[i], result[j]] = [result[j] as T, result[i] as T];
  }
  return result;
}

/** Copies `count` images of kermany224 into `target`; returns path -> class. Names are replaced: the original ones give the class away. */
export function takeKermany(target: string, count: number, seed = 0): Map<string, string> {
  const rows = z.array(Row.loose()).parse(parse(readFileSync(join(folder, 'labels.csv')), { columns: true }));
  mkdirSync(target, { recursive: true });
  return new Map(
    shuffled(
      rows.filter(({ set }) => set === 'kermany224'),
      seed,
    )
      .slice(0, count)
      .map(({ path, label }, i) => {
        const name = `${String(i).padStart(4, '0')}${basename(path)
          .slice(-5)
          .replace(/^[^.]*/, '')}`;
        copyFileSync(join(folder, path), join(target, name));
        return [name, label] as const;
      }),
  );
}
