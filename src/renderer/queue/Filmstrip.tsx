import { memo } from 'react';
import type { Id } from '../../contract/model';
import { useServices } from '../app/environment';
import { useSession } from '../app/session-context';
import { useSignal } from '../app/signal';
import { Chips } from '../labels/Chips';
import { useImage } from '../labels/use-labels';

/** How many images before the current one are drawn. */
const BACK = 30;

/** The images before and after, in the order of this session. Nothing in it changes its place. */
export function Filmstrip() {
  const { queue } = useSession();
  const { shown, at, next } = useSignal(queue.view);
  const from = Math.max(0, at - BACK);
  const strip = [...shown.slice(from), ...next];
  return (
    <ol className="filmstrip" aria-label="Previous and next images" data-testid="filmstrip" tabIndex={-1}>
      {strip.map((image, i) => {
        const place = from + i;
        const when = place === at ? 'current' : place >= shown.length ? 'next' : 'shown';
        return (
          <li key={image} ref={when === 'current' ? toMiddle : undefined}>
            <Frame image={image} when={when} />
          </li>
        );
      })}
    </ol>
  );
}

/** Called when another frame becomes the current one. */
function toMiddle(element: HTMLLIElement | null): void {
  element?.scrollIntoView({ inline: 'center', block: 'nearest' });
}

const Frame = memo(function Frame({ image, when }: { readonly image: Id; readonly when: 'shown' | 'current' | 'next' }) {
  const { pictures } = useServices();
  const { id: project, queue } = useSession();
  const view = useImage(image);
  return (
    <button
      className={`frame ${when}`}
      data-testid="frame"
      data-image={image}
      aria-current={when === 'current'}
      aria-label={view.record?.path ?? image}
      title={view.record?.path}
      onMouseDown={(event) => event.preventDefault()}
      onClick={() => queue.goTo(image)}
    >
      <img src={pictures.thumbnail(project, image)} alt="" draggable={false} />
      <Chips image={image} compact />
    </button>
  );
});
