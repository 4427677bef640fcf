import { Fragment } from 'react';
import { AddCustom } from '../settings/AddCustom';
import { GetWeights } from '../settings/GetWeights';
import { useEncoders } from '../settings/use-encoders';
import { ImportEncoder } from '../settings/ImportEncoder';
import { costOf, hasVersions, precisionName } from '../settings/precision';
import { counted } from '../controls/figures';
import { FailureNote } from '../controls/FailureNote';
import { BUILTIN_ENCODER } from '../../contract/model';

interface Props {
  readonly chosen: string;
  readonly onChoose: (id: string) => void;
  /** The project's folder, as far as it is chosen. */
  readonly images: string | undefined;
}

/** EVA-X is the encoder to use; the built-in one is there so that the app works without it, and is said to be a baseline. */
export function EncoderChoice({ chosen, onChoose, images }: Props) {
  const { encoders, failure, reload } = useEncoders();
  const take = (id: string) => {
    reload();
    onChoose(id);
  };
  const imported = encoders.filter(({ builtin }) => !builtin);
  return (
    <div className="encoders">
      {failure && <FailureNote failure={failure} />}
      {imported.map(({ card }) => (
        <Fragment key={card.id}>
          <label className="choice">
            <input
              type="radio"
              name="encoder"
              checked={chosen === card.id}
              onChange={() => onChoose(card.id)}
              data-testid={`encoder-${card.id}`}
            />
            <span>
              <strong>{card.name}</strong>
              <span className="muted">
                {card.source && `from ${card.source.file}, `}
                {card.outputs.embedding} features, {precisionName[card.precision]}
                {card.head && `, proposes ${counted(card.head.findings.length, 'finding')} by itself`}, {card.id.slice(0, 12)}
              </span>
              {costOf(card) && <span className="muted">{costOf(card)}</span>}
            </span>
          </label>
          {chosen === card.id && hasVersions(card) && <ImportEncoder of={card.id} images={images} onImported={take} />}
        </Fragment>
      ))}
      <label className="choice">
        <input
          type="radio"
          name="encoder"
          checked={chosen === BUILTIN_ENCODER}
          onChange={() => onChoose(BUILTIN_ENCODER)}
          data-testid="encoder-builtin"
        />
        <span>
          <strong>Built-in baseline</strong>
          <span className="muted">
            Wavelet scattering; needs no file. It is a baseline that was never trained on radiographs: EVA-X is the encoder to use for real
            work.
          </span>
        </span>
      </label>
      <GetWeights onImported={take} images={images} />
      <ImportEncoder onImported={take} images={images} />
      <AddCustom onAdded={take} images={images} />
    </div>
  );
}
