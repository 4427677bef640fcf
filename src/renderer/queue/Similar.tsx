import { X } from 'lucide-react';
import { useEffect, useState } from 'react';
import { sentence } from '../../contract/catalogue';
import type { Id } from '../../contract/model';
import { useServices } from '../app/environment';
import { useSession } from '../app/session-context';
import { useSignal } from '../app/signal';
import { count } from '../controls/figures';
import { Chips } from '../labels/Chips';
import { Thumbnail } from '../labels/Thumbnail';

/** How far is looked for labelled ones, and how many of them are shown. */
const LOOKED_AT = 200;
const SHOWN = 8;

interface Neighbours {
  readonly image: Id;
  readonly found: readonly { readonly image: Id; readonly similarity: number }[];
  readonly problem: string | null;
}

interface Props {
  readonly image: Id;
  readonly onOpen: (image: Id) => void;
  /** Not given: they belong to the view and stay. */
  readonly onClose?: () => void;
}

/** What was said of images like this one: the labelled among its nearest by cosine similarity. */
export function Similar({ image, onOpen, onClose }: Props) {
  const { bridge } = useServices();
  const { id: project, labels } = useSession();
  // Which of them are labelled changes with every label.
  useSignal(labels.version);
  const [near, setNear] = useState<Neighbours | null>(null);
  useEffect(() => {
    let current = true;
    void bridge.call('queue.similar', { project, image, count: LOOKED_AT }).then((result) => {
      if (!current) return;
      setNear(result.ok ? { image, found: result.value, problem: null } : { image, found: [], problem: sentence(result.failure) });
    });
    return () => {
      current = false;
    };
  }, [bridge, project, image]);

  const here = near?.image === image ? near : null;
  const labelled = here?.found.filter(({ image: other }) => labels.of(other).answered) ?? [];
  const nothing =
    here?.problem ??
    (here?.found.length === 0
      ? 'This image is not embedded yet.'
      : here
        ? `None of the ${count(here.found.length)} most similar images is labelled yet.`
        : 'Looking…');
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
