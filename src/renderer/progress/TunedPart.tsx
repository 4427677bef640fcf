import { TunedKind } from '../../contract/head';
import { tunedParts } from './choices';

interface Props {
  readonly chosen: TunedKind;
  /** Why the encoder's last block cannot be chosen; null where it can. */
  readonly blockNot: string | null;
  readonly onChoose: (kind: TunedKind) => void;
}

/** What is fine-tuned. Folded away: the first one is right for nearly everybody. */
export function TunedPart({ chosen, blockNot, onChoose }: Props) {
  return (
    <details className="tuned-part">
      <summary data-testid="tuned-part">What is trained: {tunedParts[chosen].short}</summary>
      {TunedKind.options.map((kind) => {
        const not = kind === 'block' ? blockNot : null;
        return (
          <label key={kind} className={not === null ? 'choice' : 'choice off'}>
            <input
              type="radio"
              name="tuned-part"
              checked={chosen === kind}
              disabled={not !== null}
              onChange={() => onChoose(kind)}
              data-testid={`tuned-part-${kind}`}
            />
            <span>
              <strong>{tunedParts[kind].title}</strong>
              {not !== null && <span className="muted">{not}</span>}
            </span>
          </label>
        );
      })}
    </details>
  );
}
