import { useState } from 'react';
import type { KeptEmbeddings, LibraryEntry } from '../../contract/library';
import { bytes, counted } from '../controls/figures';
import { AddCustom } from './AddCustom';
import { EncoderRow } from './EncoderRow';
import { GetWeights } from './GetWeights';
import { ImportEncoder } from './ImportEncoder';
import { RemoveEmbeddings, RemoveEncoder } from './RemoveEncoder';
import { useLibrary } from './use-library';
import { useSpeedTest } from './use-speed-test';

type Removal = { readonly encoder: LibraryEntry } | { readonly kept: KeptEmbeddings; readonly name: string };

/** The encoder library: what is there, what it takes, who uses it, how fast it is; and the ways to get more. */
export function EncodersPage({ images }: { readonly images: string | undefined }) {
  const { library, reload } = useLibrary();
  const [removal, setRemoval] = useState<Removal | null>(null);
  const speed = useSpeedTest(reload);
  const close = () => setRemoval(null);
  const encoders = library?.encoders ?? [];
  return (
    <div className="encoder-library">
      {library && encoders.length === 0 && (
        <p className="muted">
          There is none yet. The built-in one is made with the first project; EVA-X is the encoder to use for real work.
        </p>
      )}
      {encoders.length > 0 && (
        <div className="encoder-table" role="region" aria-label="Encoder library" tabIndex={0}>
          <table>
            <thead>
              <tr>
                <th scope="col">Encoder</th>
                <th scope="col">Size</th>
                <th scope="col">Embeddings</th>
                <th scope="col">Used by</th>
                <th scope="col">Speed here</th>
                <th scope="col">
                  <span className="visually-hidden">Actions</span>
                </th>
              </tr>
            </thead>
            {encoders.map((entry) => (
              <EncoderRow
                key={entry.card.id}
                entry={entry}
                speed={speed}
                images={images}
                onImported={reload}
                onRemove={() => setRemoval({ encoder: entry })}
                onRemoveEmbeddings={() => setRemoval({ kept: entry.kept, name: entry.card.name })}
              />
            ))}
          </table>
        </div>
      )}
      {library && library.strays.length > 0 && (
        <Strays strays={library.strays} onRemove={(kept) => setRemoval({ kept, name: 'an encoder that is not here' })} />
      )}
      <div className="ways">
        <GetWeights onImported={reload} images={images} />
        <ImportEncoder onImported={reload} images={images} />
        <AddCustom onAdded={reload} images={images} />
      </div>
      {removal && 'encoder' in removal && <RemoveEncoder entry={removal.encoder} onClose={close} />}
      {removal && 'kept' in removal && <RemoveEmbeddings {...removal} onClose={close} />}
    </div>
  );
}

function Strays({ strays, onRemove }: { readonly strays: readonly KeptEmbeddings[]; readonly onRemove: (kept: KeptEmbeddings) => void }) {
  return (
    <section className="strays" aria-label="Encoders that are not here">
      <h3>Encoders that are not here</h3>
      <ul>
        {strays.map((kept) => (
          <li key={kept.encoder} data-testid="stray">
            <code title={kept.encoder}>{kept.encoder.slice(0, 12)}</code>
            <span>
              {kept.images > 0 ? `${counted(kept.images, 'embedding')}, ${bytes(kept.bytes)}` : 'No embeddings'}
              {kept.projects.length > 0 && `; wanted by ${kept.projects.map(({ name }) => name).join(', ')}: import its checkpoint again`}
            </span>
            {kept.images > 0 && (
              <button className="button small" onClick={() => onRemove(kept)}>
                Remove…
              </button>
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}
