import { LockOpen } from 'lucide-react';
import { useState } from 'react';
import { useServices } from '../app/environment';
import { useSession } from '../app/session-context';
import { Dialog } from '../controls/Dialog';
import { FailureNote } from '../controls/FailureNote';
import { counted } from '../controls/figures';
import { useProject } from '../labels/use-labels';
import type { Failure } from '../../contract/result';
import { reserveOf } from './reserve';

/** For whoever wants every image labelled. Says nothing where there is no reserve. */
export function OpenReserveButton() {
  const { audit } = useProject();
  const [asking, setAsking] = useState(false);
  if (audit.opened !== undefined || audit.share === 0) return null;
  return (
    <>
      <button
        className="button small"
        onMouseDown={(event) => event.preventDefault()}
        onClick={() => setAsking(true)}
        data-testid="open-reserve"
      >
        <LockOpen size={14} aria-hidden /> Open the reserve…
      </button>
      {asking && <OpenReserve onClose={() => setAsking(false)} />}
    </>
  );
}

function OpenReserve({ onClose }: { readonly onClose: () => void }) {
  const { bridge } = useServices();
  const { id: project, labels } = useSession();
  const [open] = useState(() => reserveOf(labels).open.length);
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<Failure | null>(null);
  const run = async () => {
    setBusy(true);
    const result = await bridge.call('projects.audit', { project, open: true });
    setBusy(false);
    if (result.ok) onClose();
    else setFailure(result.failure);
  };
  const footer = (
    <>
      <span className="spacer" />
      <button className="button primary" onClick={onClose} disabled={busy} data-testid="keep-reserve">
        Keep it
      </button>
      <button className="button" onClick={() => void run()} disabled={busy} data-testid="confirm-open-reserve">
        Open the reserve
      </button>
    </>
  );
  return (
    <Dialog title="Open the reserve?" onClose={onClose} testId="reserve-dialog" footer={footer} busy={busy}>
      <p>
        {open === 0
          ? 'Every image of the reserve has a blind answer.'
          : `${counted(open, 'image')} of the reserve ${open === 1 ? 'has' : 'have'} no blind answer yet.`}{' '}
        Once it is opened they are asked like any other image, with the model’s opinion, and are learnt from.
      </p>
      <p className="muted">
        From then on no further image measures the model. What was answered blind stays out of training and goes on measuring it. This
        cannot be undone.
      </p>
      {failure && <FailureNote failure={failure} />}
    </Dialog>
  );
}
