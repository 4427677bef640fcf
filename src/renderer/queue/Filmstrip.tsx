import { memo } from 'react';
import { imageName } from '../../contract/frames';
import type { Id } from '../../contract/model';
import { useSession } from '../app/session-context';
import { useSignal } from '../app/signal';
import { Chips } from '../labels/Chips';
import { Thumbnail } from '../labels/Thumbnail';
import { useImage } from '../labels/use-labels';

/** How many images on each side are drawn: more than a wide screen holds. */
const SIDE = 16;

/** The images before and after, in the order of this session; the current one always in the middle. */
export function Filmstrip() {
  const { queue } = useSession();
  const { shown, at, next } = useSignal(queue.view);
  const after = [
    ...shown.slice(at + 1, at + 1 + SIDE).map((image) => ({ image, when: 'shown' as const })),
    ...next.map((image) => ({ image, when: 'next' as const })),
  ].slice(0, SIDE);
  const current = shown[at];
  return (
    <div className="filmstrip" data-testid="filmstrip">
      <ol className="before" aria-label="Previous images">
        {shown.slice(Math.max(0, at - SIDE), Math.max(0, at)).map((image) => (
          <li key={image}>
            <Frame image={image} when="shown" />
          </li>
        ))}
      </ol>
      {current !== undefined && <Frame key={current} image={current} when="current" />}
      <ol className="after" aria-label="Next images">
        {after.map(({ image, when }) => (
          <li key={image}>
            <Frame image={image} when={when} />
          </li>
        ))}
      </ol>
    </div>
  );
}

const Frame = memo(function Frame({ image, when }: { readonly image: Id; readonly when: 'shown' | 'current' | 'next' }) {
  const { queue } = useSession();
  const view = useImage(image);
  return (
    <button
      className={`frame ${when}`}
      data-testid="frame"
      data-image={image}
      aria-current={when === 'current'}
      title={view.record ? imageName(view.record) : undefined}
      onMouseDown={(event) => event.preventDefault()}
      onClick={() => queue.goTo(image)}
    >
      <Thumbnail image={image} />
      <Chips image={image} compact asked />
    </button>
  );
});
