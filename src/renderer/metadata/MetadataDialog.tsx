import { useState } from 'react';
import type { MetadataRule } from '../../contract/model';
import type { Failure } from '../../contract/result';
import { useServices } from '../app/environment';
import { useSession } from '../app/session-context';
import { useSignal } from '../app/signal';
import { Dialog } from '../controls/Dialog';
import { FailureNote } from '../controls/FailureNote';
import { count, counted } from '../controls/figures';
import { useProject } from '../labels/use-labels';
import { MetadataEditor, type MetadataChoice } from './MetadataEditor';

/** Patients and views of the open project: what is in force, and another rule with its yield before it is applied. */
export function MetadataDialog({ onClose }: { readonly onClose: () => void }) {
  const { bridge, problems, settings } = useServices();
  const { id: project, status } = useSession();
  const { metadata: before } = useProject();
  const { scan } = useSignal(status);
  const { showPatients } = useSignal(settings.current);
  const [choice, setChoice] = useState<MetadataChoice>({ ready: true, rule: before ?? null });
  const [failure, setFailure] = useState<Failure | null>(null);
  const [busy, setBusy] = useState(false);

  const applied = (rule: MetadataRule | null) => bridge.call('metadata.apply', { project, rule });
  const apply = async () => {
    if (!choice.ready) return;
    setBusy(true);
    setFailure(null);
    const result = await applied(choice.rule);
    setBusy(false);
    if (!result.ok) return setFailure(result.failure);
    const { images, matched, patients } = result.value;
    const undo = async () => {
      const undone = await applied(before ?? null);
      if (undone.ok) problems.note('Patients and views are as they were.');
      else problems.failure(undone.failure);
    };
    problems.note(
      choice.rule
        ? `${count(matched)} of ${counted(images, 'image')} belong to ${counted(patients, 'patient')} now; no split parts them.`
        : 'Patients and views are what the files say.',
      [{ title: 'Undo', run: () => void undo() }],
    );
    return onClose();
  };
  const footer = (
    <>
      <label className="metadata-show">
        <input
          type="checkbox"
          checked={showPatients}
          onChange={(event) => void settings.change({ showPatients: event.target.checked })}
          data-testid="show-patients"
        />
        Show the patient on the image
      </label>
      <span className="spacer" />
      <button className="button" onClick={onClose} disabled={busy}>
        Cancel
      </button>
      <button className="button primary" onClick={() => void apply()} disabled={busy || !choice.ready} data-testid="metadata-apply">
        Apply
      </button>
    </>
  );
  return (
    <Dialog title="Patients and views" onClose={onClose} width="wide" testId="metadata-dialog" footer={footer} busy={busy}>
      <p className="muted">
        Images of one patient stay on one side of every split, so that the figures are honest. What is said here goes before the headers of
        the files. The project keeps patients as hashes, never as they are written.
      </p>
      {scan.metadata && <FailureNote failure={scan.metadata} />}
      <MetadataEditor of={{ project }} start={before} onChange={setChoice} />
      {failure && <FailureNote failure={failure} />}
    </Dialog>
  );
}
