import type { Stated } from '../../contract/model';
import { fail, ok, type Result } from '../../contract/result';
import type { MetadataTable } from './table';

export interface Matched {
  /** By the image's path. */
  readonly stated: ReadonlyMap<string, Stated>;
  /** Rows of the table that name no image, or a name that several images share. */
  readonly unused: number;
}

/**
 * Finds the image of each row. A row may name it by its path, by the end of its path (the file name alone, too) where no
 * other image ends so, without the file's ending, or by a longer path that ends in the image's whole one. Two rows that
 * say different things of one image are refused: table-invalid.
 */
export function matchRows({ file, rows }: MetadataTable, paths: Iterable<string>): Result<Matched> {
  const index = new PathIndex(paths);
  const stated = new Map<string, Stated & { at: number }>();
  let unused = 0;
  for (const { at, name, patient, study, view } of rows) {
    const path = index.find(name);
    if (path === null) {
      unused += 1;
      continue;
    }
    const known = stated.get(path);
    if (!known) stated.set(path, { at, patient, study, view });
    else if (known.patient !== patient || known.study !== study || known.view !== view)
      return fail('table-invalid', { file, row: at, reason: `it says something else of ${path} than row ${String(known.at)}` });
  }
  return ok({ stated: new Map([...stated].map(([path, { patient, study, view }]) => [path, { patient, study, view }])), unused });
}

/** Several images end so. */
const SHARED = Symbol('shared');

/** Images by what a table may call them. */
export class PathIndex {
  readonly #whole = new Map<string, string>();
  readonly #ends = new Map<string, string | typeof SHARED>();

  constructor(paths: Iterable<string>) {
    for (const path of new Set(paths)) {
      this.#whole.set(path, path);
      for (const form of new Set([path, withoutEnding(path)])) {
        for (let at = form.length; at > 0;) {
          at = form.lastIndexOf('/', at - 1);
          const end = form.slice(at + 1);
          this.#ends.set(end, this.#ends.has(end) ? SHARED : path);
          if (at < 0) break;
        }
      }
    }
  }

  find(name: string): string | null {
    const wanted = name.replaceAll('\\', '/').replace(/^(\.?\/)+/, '');
    if (wanted === '') return null;
    const whole = this.#whole.get(wanted);
    if (whole !== undefined) return whole;
    const end = this.#ends.get(wanted);
    if (end !== undefined) return end === SHARED ? null : end;
    // A table made for a folder further up: only whole paths count, or another patient's file of the same name would.
    for (let at = wanted.indexOf('/'); at >= 0; at = wanted.indexOf('/', at + 1)) {
      const below = this.#whole.get(wanted.slice(at + 1));
      if (below !== undefined) return below;
    }
    return null;
  }
}

const withoutEnding = (path: string) => path.replace(/\.[^./]*$/, '');
