import type { MetadataPreview } from '../../../../src/contract/views';
import { matchPattern, parsePattern } from '../../../../src/contract/file-pattern';
import type { ImageRecord, MetadataRule, Stated } from '../../../../src/contract/model';
import { fail, ok, type Result } from '../../../../src/contract/result';

/** A pattern as main does it; a table is made up. */
export function previewOf(images: readonly ImageRecord[], rule: MetadataRule): Result<MetadataPreview> {
  const pattern = rule.kind === 'pattern' ? parsePattern(rule.pattern) : null;
  if (pattern?.ok === false) return pattern;
  const made = (path: string, n: number): Stated | null =>
    pattern
      ? matchPattern(pattern.value, path)
      : n % 8 === 7
        ? null
        : { patient: `P${String(n >> 1)}`, study: null, view: n % 2 ? 'PA' : 'LL' };
  const all = images.map(({ path }, n) => ({ path, stated: made(path, n) }));
  const known = all.filter(({ stated }) => stated !== null);
  const [example] = all;
  if (known.length === 0 && example) return fail('metadata-unmatched', { source: 'The rule', images: all.length, example: example.path });
  const table = rule.kind === 'table';
  return ok({
    images: all.length,
    matched: known.length,
    patients: new Set(known.flatMap(({ stated }) => stated?.patient ?? [])).size,
    rows: table ? 30 : null,
    unused: table ? 9 : 0,
    columns: table ? ['Image Index', 'Patient ID', 'View Position', 'Patient Age'] : [],
    chosen: table ? { path: 'Image Index', patient: 'Patient ID', study: null, view: 'View Position' } : null,
    examples: [...known.slice(0, 6), ...all.filter(({ stated }) => stated === null).slice(0, 2)],
  });
}
