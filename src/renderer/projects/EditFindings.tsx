import { useState } from 'react';
import type { Id } from '../../contract/model';
import type { Failure } from '../../contract/result';
import { useServices } from '../app/environment';
import { useSession } from '../app/session-context';
import { useSignal } from '../app/signal';
import { Dialog } from '../controls/Dialog';
import { FailureNote } from '../controls/FailureNote';
import { useProject } from '../labels/use-labels';
import { draftsOf, problemOf } from './findings';
import { FindingsEditor } from './FindingsEditor';
import './projects.css';

/** Names, keys and colours of the open project, and further findings. Labels hang on ids: none is touched. */
export function EditFindings({ onClose }: { readonly onClose: () => void }) {
  const { bridge } = useServices();
  const { id: project, labels } = useSession();
  const { perFinding } = useSignal(labels.totals);
  const { findings, task } = useProject();
  const [drafts, setDrafts] = useState(() => draftsOf(findings));
  const [failure, setFailure] = useState<Failure | null>(null);
  const [busy, setBusy] = useState(false);
  const problem = problemOf(drafts);
  const stays = (id: Id) => {
    const { present = 0, absent = 0, unsure = 0 } = perFinding.get(id) ?? {};
    return present + absent + unsure > 0;
  };
  const save = async () => {
    setBusy(true);
    setFailure(null);
    const next = drafts.map(({ id, name, hotkey, colour }) => ({ id, name: name.trim(), hotkey, colour }));
    const result = await bridge.call('projects.findings', { project, findings: next });
    setBusy(false);
    if (result.ok) onClose();
    else setFailure(result.failure);
  };
  const footer = (
    <>
      <span className="muted" role="status">
        {problem}
      </span>
      <span className="spacer" />
      <button className="button" onClick={onClose} disabled={busy}>
        Cancel
      </button>
      <button className="button primary" onClick={() => void save()} disabled={busy || problem !== null} data-testid="save-findings">
        Save
      </button>
    </>
  );
  return (
    <Dialog title="Findings" onClose={onClose} testId="findings-dialog" footer={footer} busy={busy}>
      <p className="muted">
        Labels stay with their finding when its name, key or colour changes. A finding can be taken out as long as it has no labels.{' '}
        {task === 'multilabel' ? 'A further finding is unread in every image.' : 'Images labelled before keep their answer.'}
      </p>
      <FindingsEditor drafts={drafts} onChange={setDrafts} stays={stays} />
      {failure && <FailureNote failure={failure} />}
    </Dialog>
  );
}
