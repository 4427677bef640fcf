import { ChevronDown, ChevronRight } from 'lucide-react';
import { useId, useState } from 'react';
import type { EncoderCard } from '../../contract/encoder-card';
import type { LibraryEntry } from '../../contract/library';
import { Bar } from '../controls/Bar';
import { CopyDetails } from '../controls/CopyDetails';
import { FailureNote } from '../controls/FailureNote';
import { bytes, count, counted, when } from '../controls/figures';
import { ImportEncoder } from './ImportEncoder';
import { costOf, hasVersions, precisionName } from './precision';
import type { SpeedTest } from './use-speed-test';

interface Props {
  readonly entry: LibraryEntry;
  readonly speed: SpeedTest;
  /** The folder of the open project. */
  readonly images: string | undefined;
  readonly onImported: () => void;
  readonly onRemove: () => void;
  readonly onRemoveEmbeddings: () => void;
}

/** An encoder of the library: a line, and under it on request all that identifies it. */
export function EncoderRow({ entry, speed, images, onImported, onRemove, onRemoveEmbeddings }: Props) {
  const { card, builtin, bytes: size, kept } = entry;
  const [open, setOpen] = useState(false);
  const details = useId();
  const failure = speed.failed?.id === card.id ? speed.failed.failure : null;
  return (
    <tbody data-testid="encoder" data-encoder={card.id}>
      <tr>
        <th scope="row">
          <button
            className="encoder-name"
            aria-expanded={open}
            aria-controls={details}
            onClick={() => setOpen(!open)}
            data-testid="encoder-details"
          >
            {open ? <ChevronDown size={14} aria-hidden /> : <ChevronRight size={14} aria-hidden />}
            {card.name}
            {builtin && <span className="badge">baseline</span>}
          </button>
          <span className="muted">
            {precisionName[card.precision]}, {count(card.outputs.embedding)} features
          </span>
        </th>
        <td className="number">{bytes(size)}</td>
        <td className="number">
          {kept.images === 0 ? (
            <span className="muted">none</span>
          ) : (
            <>
              <span>
                {count(kept.images)}, {bytes(kept.bytes)}
              </span>
              <button
                className="button small"
                onClick={onRemoveEmbeddings}
                aria-label={`Remove the embeddings of ${card.name}`}
                data-testid="remove-embeddings"
              >
                Remove…
              </button>
            </>
          )}
        </td>
        <td>{kept.projects.length === 0 ? <span className="muted">no project</span> : kept.projects.map(({ name }) => name).join(', ')}</td>
        <td className="number">
          <Speed entry={entry} test={speed} />
        </td>
        <td>
          {!builtin && (
            <button className="button small" onClick={onRemove} aria-label={`Remove ${card.name}`} data-testid="remove-encoder">
              Remove…
            </button>
          )}
        </td>
      </tr>
      {failure && (
        <tr>
          <td colSpan={6}>
            <FailureNote failure={failure} />
          </td>
        </tr>
      )}
      <tr id={details} hidden={!open}>
        <td colSpan={6}>
          {open && <Details card={card} />}
          {open && hasVersions(card) && <ImportEncoder of={card.id} images={images} onImported={onImported} />}
        </td>
      </tr>
    </tbody>
  );
}

function Speed({ entry: { card, speed }, test }: { readonly entry: LibraryEntry; readonly test: SpeedTest }) {
  if (test.running === card.id) {
    return (
      <div className="speed-test" data-testid="speed-running">
        <Bar fraction={test.fraction} label={`Speed test of ${card.name}`} />
        <button className="button small" onClick={test.stop} data-testid="stop-speed">
          Stop
        </button>
      </div>
    );
  }
  return (
    <>
      {speed && (
        <span
          title={`${speed.reason} Measured ${when(speed.measured)}; the model alone, reading the images comes on top.`}
          data-testid="speed"
        >
          {speed.imagesPerSecond >= 10 ? count(Math.round(speed.imagesPerSecond)) : speed.imagesPerSecond.toFixed(1)} images/s,{' '}
          {speed.provider}
        </span>
      )}
      <button
        className="button small"
        onClick={() => test.start(card.id)}
        disabled={test.running !== null}
        aria-label={`${speed ? 'Again measure' : 'Measure'} the speed of ${card.name}`}
        data-testid="measure-speed"
      >
        {speed ? 'Again' : 'Measure'}
      </button>
    </>
  );
}

const crops = {
  official: 'short side to {resize}, then the centre {size} x {size}',
  pad: 'whole image with black bars, {size} x {size}',
  squash: 'whole image squashed to {size} x {size}',
} as const;

function Details({ card }: { readonly card: EncoderCard }) {
  const { tile, normalise } = card.preprocessing;
  const how = crops[tile.crop].replaceAll('{resize}', String(tile.resize)).replaceAll('{size}', String(tile.size));
  const levels =
    normalise.kind === 'image'
      ? 'each image by its own mean and deviation'
      : `(v / 255 - ${listed(normalise.mean)}) / ${listed(normalise.std)}`;
  const cost = costOf(card);
  const facts: readonly (readonly [string, string])[] = [
    ['Preprocessing', `${how}; ${levels}`],
    ['Features', card.pooling],
    ...(card.source ? ([['Made from', `${card.source.file}, SHA-256 ${card.source.sha256}`]] as const) : []),
    ...(card.head ? ([['Ready head', `${counted(card.head.findings.length, 'finding')}: ${card.head.findings.join(', ')}`]] as const) : []),
    ...(cost === null ? [] : ([['Precision', cost]] as const)),
    ['Licence', card.licence],
  ];
  return (
    <dl className="encoder-facts">
      <div>
        <dt>Identity</dt>
        <dd>
          <code>{card.id}</code> <CopyDetails text={card.id} title="Copy" />
        </dd>
      </div>
      {facts.map(([term, text]) => (
        <div key={term}>
          <dt>{term}</dt>
          <dd>{text}</dd>
        </div>
      ))}
    </dl>
  );
}

const listed = (value: number | readonly number[]) => (typeof value === 'number' ? String(value) : `[${value.join(', ')}]`);
