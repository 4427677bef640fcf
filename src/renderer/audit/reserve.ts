import type { Id } from '../../contract/model';
import { askedView, type Labels } from '../labels/labels';

/** Images of the reserve: all, and those of them that nobody has answered. Walks all images. */
export function reserveOf(labels: Pick<Labels, 'order' | 'of'>): { readonly images: number; readonly open: readonly Id[] } {
  const reserved = labels.order().filter((image) => labels.of(image).reserved);
  return { images: reserved.length, open: reserved.filter((image) => !askedView(labels.of(image)).answered) };
}
