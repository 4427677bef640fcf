import type { CellState, Finding, Id, ImageNote, Task } from '../../contract/model';
import { notesOf } from '../../contract/facts';
import { LIKELY, likeliest, type Probabilities } from '../labels/answers';
import type { ImageView } from '../labels/labels';

export type Filter =
  | { readonly kind: 'all' | 'labelled' | 'unlabelled' | 'skipped' | 'failed' | 'missing' }
  | { readonly kind: 'state'; readonly finding: Id; readonly state: Exclude<CellState, 'none'> }
  | { readonly kind: 'proposed'; readonly finding: Id }
  | { readonly kind: 'note'; readonly note: ImageNote };

export type Sort = 'folder' | 'confidence' | 'uncertainty';

export interface Facts {
  readonly task: Task;
  readonly findings: readonly Finding[];
  readonly view: (image: Id) => ImageView;
  readonly probabilities: (image: Id) => Probabilities | null;
  readonly failed: ReadonlySet<Id>;
  readonly missing: ReadonlySet<Id>;
}

/** The images that the grid shows, in its order. Looks at every image once: run on a choice of the person, not on a key press. */
export function shownImages(order: readonly Id[], filter: Filter, sort: Sort, facts: Facts): readonly Id[] {
  const kept = filter.kind === 'all' ? order : order.filter((image) => passes(image, filter, facts));
  if (sort === 'folder') return kept;
  // With a filter on a proposed finding its own probability is what counts.
  const finding = filter.kind === 'proposed' ? filter.finding : null;
  const scored = kept.map((image, place) => ({ image, place, score: score(facts.probabilities(image), sort, finding, facts) }));
  // Without a score last; equal scores stay in folder order.
  scored.sort((a, b) => b.score - a.score || a.place - b.place);
  return scored.map(({ image }) => image);
}

function passes(image: Id, filter: Filter, facts: Facts): boolean {
  if (filter.kind === 'failed') return facts.failed.has(image);
  if (filter.kind === 'missing') return facts.missing.has(image);
  if (filter.kind === 'proposed') return isProposed(facts.probabilities(image), filter.finding, facts) && !facts.view(image).answered;
  const view = facts.view(image);
  switch (filter.kind) {
    case 'all':
      return true;
    case 'labelled':
      return view.answered;
    case 'unlabelled':
      return !view.answered && !view.skipped;
    case 'skipped':
      return view.skipped && !view.answered;
    case 'note':
      return view.record !== null && notesOf(view.record).includes(filter.note);
    case 'state':
      return view.cells.get(filter.finding)?.state === filter.state;
  }
}

/** Multi-class: the likeliest finding. Multi-label: more likely present than not. */
function isProposed(probabilities: Probabilities | null, finding: Id, { task, findings }: Facts): boolean {
  if (!probabilities) return false;
  if (task === 'multiclass') return likeliest(findings, probabilities)?.finding === finding;
  return (probabilities.get(finding) ?? 0) >= LIKELY;
}

/** Larger comes first. */
function score(probabilities: Probabilities | null, sort: Exclude<Sort, 'folder'>, finding: Id | null, { task }: Facts): number {
  if (!probabilities) return -1;
  const one = finding === null ? undefined : probabilities.get(finding);
  if (one !== undefined) return sort === 'confidence' ? one : 1 - Math.abs(2 * one - 1);
  const values = [...probabilities.values()].sort((a, b) => b - a);
  if (task === 'multiclass') {
    const [first = 0, second = 0] = values;
    return sort === 'confidence' ? first : 1 - (first - second);
  }
  // The least certain finding stands for the image.
  const nearest = Math.min(...values.map((p) => Math.abs(2 * p - 1)));
  return sort === 'confidence' ? nearest : 1 - nearest;
}

/** What a thumbnail shows of the head: the likeliest finding, or in multi-label the findings that are more likely present than not. */
export function headline(
  task: Task,
  findings: readonly Finding[],
  probabilities: Probabilities | null,
): { finding: Finding; probability: number }[] {
  if (!probabilities) return [];
  const byId = new Map(findings.map((finding) => [finding.id, finding]));
  if (task === 'multiclass') {
    const best = likeliest(findings, probabilities);
    const finding = best && byId.get(best.finding);
    return best && finding ? [{ finding, probability: best.probability }] : [];
  }
  return [...probabilities]
    .flatMap(([id, probability]) => {
      const finding = byId.get(id);
      return finding && probability >= LIKELY ? [{ finding, probability }] : [];
    })
    .sort((a, b) => b.probability - a.probability)
    .slice(0, 2);
}
