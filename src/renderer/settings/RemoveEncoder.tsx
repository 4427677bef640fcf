import { useState, type ReactNode } from 'react';
import { createPortal } from 'react-dom';
import type { KeptEmbeddings, LibraryEntry } from '../../contract/library';
import type { Failure } from '../../contract/result';
import { useServices } from '../app/environment';
import { Dialog } from '../controls/Dialog';
import { FailureNote } from '../controls/FailureNote';
import { bytes, counted, duration } from '../controls/figures';

/** Asks before an encoder goes: which projects use it, and what is lost without it. */
export function RemoveEncoder({ entry, onClose }: { readonly entry: LibraryEntry; readonly onClose: () => void }) {
  const { bridge } = useServices();
  const { card, kept } = entry;
  const [embeddings, setEmbeddings] = useState(false);
  const [failure, setFailure] = useState<Failure | null>(null);
  const [busy, setBusy] = useState(false);
  /** Where there is no bin, or it takes nothing. */
  const noBin = failure?.code === 'write-failed';
  const remove = async () => {
    setBusy(true);
    const result = await bridge.call('encoders.remove', { id: card.id, embeddings, forGood: noBin });
    setBusy(false);
    if (result.ok) onClose();
    else setFailure(result.failure);
  };
  return (
    <Ask
      title={`Remove ${card.name}?`}
      onClose={onClose}
      busy={busy}
      action={noBin ? 'Delete for good' : 'Move to the bin'}
      onAction={remove}
    >
      <UsedBy kept={kept}>
        Without it they make no new embeddings and no proposals.{' '}
        {card.source && `${card.source.file}, imported again in the same way, brings back the same encoder.`}
      </UsedBy>
      {kept.images > 0 && (
        <label className="choice">
          <input
            type="checkbox"
            checked={embeddings}
            onChange={(event) => setEmbeddings(event.target.checked)}
            data-testid="with-embeddings"
          />
          <span>
            <strong>Delete its embeddings, too ({bytes(kept.bytes)})</strong>
            <span className="muted">
              Kept, they serve again when the encoder comes back. {counted(kept.images, 'image')}
              {entry.speed && `: about ${duration(kept.images / entry.speed.imagesPerSecond)} of computing`}.
            </span>
          </span>
        </label>
      )}
      {failure && <FailureNote failure={failure} />}
    </Ask>
  );
}

interface EmbeddingsProps {
  readonly kept: KeptEmbeddings;
  readonly name: string;
  readonly onClose: () => void;
}

export function RemoveEmbeddings({ kept, name, onClose }: EmbeddingsProps) {
  const { bridge } = useServices();
  const [failure, setFailure] = useState<Failure | null>(null);
  const [busy, setBusy] = useState(false);
  const remove = async () => {
    setBusy(true);
    const result = await bridge.call('embeddings.remove', { encoder: kept.encoder });
    setBusy(false);
    if (result.ok) onClose();
    else setFailure(result.failure);
  };
  return (
    <Ask title={`Delete the embeddings of ${name}?`} onClose={onClose} busy={busy} action={`Delete ${bytes(kept.bytes)}`} onAction={remove}>
      <p>
        They are of {counted(kept.images, 'image')}, and are computed again from the images when they are needed: that takes its time, and
        the images have to be there.
      </p>
      <UsedBy kept={kept}>Opening them embeds their images again.</UsedBy>
      {failure && <FailureNote failure={failure} />}
    </Ask>
  );
}

function UsedBy({ kept: { projects }, children }: { readonly kept: KeptEmbeddings; readonly children: ReactNode }) {
  if (projects.length === 0) return <p>No project uses it.</p>;
  return (
    <div data-testid="used-by">
      <p>Used by {counted(projects.length, 'project')}, whose labels stay as they are:</p>
      <ul className="users">
        {projects.map(({ id, name, images }) => (
          <li key={id}>
            {name} ({counted(images, 'image')})
          </li>
        ))}
      </ul>
      <p className="muted">{children}</p>
    </div>
  );
}

interface AskProps {
  readonly title: string;
  readonly action: string;
  readonly busy: boolean;
  readonly onAction: () => Promise<void>;
  readonly onClose: () => void;
  readonly children: ReactNode;
}

function Ask({ title, action, busy, onAction, onClose, children }: AskProps) {
  const footer = (
    <>
      <span className="spacer" />
      <button className="button" onClick={onClose} disabled={busy}>
        Cancel
      </button>
      <button className="button danger" onClick={() => void onAction()} disabled={busy} data-testid="confirm-remove">
        {action}
      </button>
    </>
  );
  return createPortal(
    <Dialog title={title} onClose={onClose} width="narrow" testId="remove-dialog" footer={footer} busy={busy}>
      {children}
    </Dialog>,
    document.body,
  );
}
