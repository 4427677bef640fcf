import { ChevronLeft, ChevronRight, Link2, Link2Off, X } from 'lucide-react';
import { useEffect, type ReactNode } from 'react';
import type { Id } from '../../contract/model';
import { titleWithKey } from '../app/keys/match';
import { useSession } from '../app/session-context';
import { useSignal } from '../app/signal';
import { Chips } from '../labels/Chips';
import { useNeighbours } from '../labels/use-neighbours';
import { ImagePane } from './ImagePane';
import type { PixelCache } from './pixel-cache';

/** Beside the image: its nearest labelled ones, one after the other, with what was said of them. */
export function Compare({ image, cache }: { readonly image: Id; readonly cache: PixelCache }) {
  const { comparison, viewer } = useSession();
  const { labelled, nothing } = useNeighbours(image);
  const shown = useSignal(comparison.shown);
  const linked = useSignal(comparison.linked);
  const { tool } = useSignal(viewer.state);
  // An image is not compared with itself when it has just been labelled.
  const ids = labelled.flatMap(({ image: other }) => (other === image ? [] : [other]));
  const offered = ids.join(' ');
  useEffect(() => comparison.offer(offered === '' ? [] : offered.split(' ')), [comparison, offered]);
  useEffect(() => comparison.viewer.setTool(tool), [comparison, tool]);
  const place = ids.indexOf(shown ?? '');
  const next = ids[place + 1];
  useEffect(() => {
    const timer = setTimeout(() => next !== undefined && void cache.get(next), 300);
    return () => clearTimeout(timer);
  }, [cache, next]);

  const button = (title: string, icon: ReactNode, run: () => void, more: { disabled?: boolean; pressed?: boolean } = {}) => (
    <button
      className="icon-button"
      title={title}
      aria-label={title}
      onMouseDown={(event) => event.preventDefault()}
      onClick={run}
      disabled={more.disabled ?? false}
      {...(more.pressed === undefined ? {} : { 'aria-pressed': more.pressed })}
    >
      {icon}
    </button>
  );
  const similarity = labelled.find((each) => each.image === shown)?.similarity;
  return (
    <div className="compare" role="group" aria-label="A similar, labelled image" data-testid="compare">
      {shown !== null && place >= 0 ? (
        <ImagePane key="pane" image={shown} cache={cache} controls={comparison.viewer} testId="compare-image" />
      ) : (
        <p className="compare-none">{nothing}</p>
      )}
      <div className="compare-bar">
        {place >= 0 && (
          <>
            {button(titleWithKey('view.compareNearer'), <ChevronLeft size={16} aria-hidden />, () => comparison.step(-1), {
              disabled: place === 0,
            })}
            <span data-testid="compare-place">
              {place + 1} of {ids.length}
            </span>
            {button(titleWithKey('view.compareFurther'), <ChevronRight size={16} aria-hidden />, () => comparison.step(1), {
              disabled: next === undefined,
            })}
            {shown !== null && <Chips image={shown} />}
            {similarity !== undefined && <span className="muted">similarity {similarity.toFixed(2)}</span>}
          </>
        )}
        <span className="spacer" />
        {button(
          linked ? 'Zoom and place go together' : 'Zoom and place are apart',
          linked ? <Link2 size={16} aria-hidden /> : <Link2Off size={16} aria-hidden />,
          () => comparison.linked.update((on) => !on),
          { pressed: linked },
        )}
        {button('Close the comparison (;)', <X size={16} aria-hidden />, () => comparison.open.set(false))}
      </div>
    </div>
  );
}
