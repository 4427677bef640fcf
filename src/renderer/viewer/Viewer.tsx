import { useCallback, useEffect } from 'react';
import type { Id } from '../../contract/model';
import { useSession } from '../app/session-context';
import { useSignal } from '../app/signal';
import { useImage } from '../labels/use-labels';
import { Compare } from './Compare';
import { ImagePane } from './ImagePane';
import type { PixelCache } from './pixel-cache';
import { Tools } from './Tools';
import './viewer.css';

/** The large view: the image that is read, beside it one to compare it with, where the person wants that. */
export function Viewer({ image, cache, onHeader }: { readonly image: Id; readonly cache: PixelCache; readonly onHeader: () => void }) {
  const { viewer, comparison, appearance } = useSession();
  // Beside an image of the audit's reserve nobody's label is shown.
  const { reserved } = useImage(image);
  const comparing = useSignal(comparison.open) && !reserved;
  useEffect(() => appearance.begin(image), [appearance, image]);
  const onShown = useCallback((shown: Id) => appearance.shown(shown), [appearance]);
  return (
    <section className="viewer" aria-label="Image">
      <div className={comparing ? 'viewer-panes two' : 'viewer-panes'}>
        <ImagePane image={image} cache={cache} controls={viewer} testId="queue-image" onShown={onShown} />
        {comparing && <Compare image={image} cache={cache} />}
      </div>
      <Tools onHeader={onHeader} />
    </section>
  );
}
