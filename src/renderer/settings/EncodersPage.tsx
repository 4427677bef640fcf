import { bytes } from '../controls/figures';
import { GetWeights } from './GetWeights';
import { ImportEncoder } from './ImportEncoder';
import { useEncoders } from './use-encoders';

export function EncodersPage() {
  const { encoders, reload } = useEncoders();
  return (
    <div className="encoder-list">
      <ul>
        {encoders.map(({ card, bytes: size, builtin }) => (
          <li key={card.id} data-testid="encoder">
            <strong>{card.name}</strong>
            {builtin && <span className="badge">baseline</span>}
            <span className="muted">
              {card.source && `from ${card.source.file} · `}
              {card.outputs.embedding} features · {card.precision} · {bytes(size)}
            </span>
            <code title={card.id}>{card.id.slice(0, 16)}…</code>
            <span className="muted">{card.licence}</span>
          </li>
        ))}
      </ul>
      <div className="ways">
        <GetWeights onImported={reload} />
        <ImportEncoder onImported={reload} />
      </div>
    </div>
  );
}
