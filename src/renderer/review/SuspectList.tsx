import { Check, PencilLine } from 'lucide-react';
import { useEffect, useRef } from 'react';
import type { SuspectLabel } from '../../contract/views';
import { useSession } from '../app/session-context';
import { counted, percent } from '../controls/figures';
import { Thumbnail } from '../labels/Thumbnail';
import { useProject } from '../labels/use-labels';
import { given, instead } from './evidence';
import { keyOf, type ReviewView } from './review-session';

/** The suspects by patient, each with what was answered, what the head says, and what became of it. */
export function SuspectList({ view: { groups, at } }: { readonly view: ReviewView }) {
  return (
    <div className="review-groups" tabIndex={0} role="region" aria-label="List of suspect labels">
      {groups.map(({ patient, first, suspects }) => (
        <section key={patient ?? suspects[0]?.image} className={patient === null ? undefined : 'of-patient'}>
          {patient !== null && (
            <h3 title="The patient's number is kept as a salted hash; these are its first characters.">
              Patient {patient.slice(0, 6)} <span className="muted">{counted(suspects.length, 'label')}</span>
            </h3>
          )}
          <ul>
            {suspects.map((suspect, i) => (
              <Row key={keyOf(suspect)} suspect={suspect} place={first + i} shown={at} />
            ))}
          </ul>
        </section>
      ))}
    </div>
  );
}

function Row({ suspect, place, shown }: { readonly suspect: SuspectLabel; readonly place: number; readonly shown: number }) {
  const { review, labels } = useSession();
  const { task, findings } = useProject();
  const standing = review.standing(suspect);
  const here = place === shown;
  const button = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    if (here) button.current?.scrollIntoView({ block: 'nearest' });
  }, [here]);
  return (
    <li>
      <button
        ref={button}
        className={`suspect ${standing}`}
        aria-current={here}
        title={labels.record(suspect.image)?.path}
        onMouseDown={(event) => event.preventDefault()}
        onClick={() => review.show(place)}
        data-testid="suspect"
        data-image={suspect.image}
        data-standing={standing}
      >
        <Thumbnail image={suspect.image} lazy />
        <span className="suspect-words">
          <strong>{given(task, findings, suspect)}</strong>
          <span className="muted">
            Head: {task === 'multilabel' ? suspect.other.state : instead(task, findings, suspect)} {percent(suspect.other.probability)}
          </span>
        </span>
        {standing === 'kept' && (
          <span className="suspect-state">
            <Check size={14} aria-hidden /> kept
          </span>
        )}
        {standing === 'changed' && (
          <span className="suspect-state">
            <PencilLine size={14} aria-hidden /> changed
          </span>
        )}
      </button>
    </li>
  );
}
