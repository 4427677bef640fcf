import { X } from 'lucide-react';
import type { Id } from '../../contract/model';
import { useSession } from '../app/session-context';
import { Chips } from '../labels/Chips';
import { Thumbnail } from '../labels/Thumbnail';
import { useNeighbours } from '../labels/use-neighbours';

const SHOWN = 8;

interface Props {
  readonly image: Id;
  readonly onOpen: (image: Id) => void;
  /** Not given: they belong to the view and stay. */
  readonly onClose?: () => void;
}

/** What was said of images like this one: the labelled among its nearest by cosine similarity. */
export function Similar({ image, onOpen, onClose }: Props) {
  const { labels } = useSession();
  const { labelled, nothing } = useNeighbours(image);
  return (
    <section className="similar" aria-label="Similar, labelled" data-testid="similar">
      <header>
        <h2>Similar, labelled</h2>
        {onClose && (
          <button
            className="icon-button"
            aria-label="Hide similar images (.)"
            title="Hide similar images (.)"
            onMouseDown={(event) => event.preventDefault()}
            onClick={onClose}
          >
            <X size={14} aria-hidden />
          </button>
        )}
      </header>
      {labelled.length === 0 && <p className="muted">{nothing}</p>}
      <ul>
        {labelled.slice(0, SHOWN).map(({ image: other, similarity }) => (
          <li key={other}>
            <button
              title={`${labels.nameOf(other)}, similarity ${similarity.toFixed(2)}`}
              onMouseDown={(event) => event.preventDefault()}
              onClick={() => onOpen(other)}
              data-testid="similar-image"
              data-image={other}
            >
              <Thumbnail image={other} />
              <Chips image={other} compact />
              <span className="similarity">{similarity.toFixed(2)}</span>
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}
