import { FileSpreadsheet } from 'lucide-react';
import { useState } from 'react';
import type { LabelImport } from '../../contract/views';
import type { Failure } from '../../contract/result';
import { useServices } from '../app/environment';
import { useSession } from '../app/session-context';
import { Dialog } from '../controls/Dialog';
import { FailureNote } from '../controls/FailureNote';
import { count, counted } from '../controls/figures';
import { useProject } from '../labels/use-labels';
import './import.css';

const about = {
  multilabel:
    'A CSV table with a column of file names or paths (path, file name, image), and a column for each finding, called like it: 1, 0, unsure, or empty where nobody has read it.',
  multiclass:
    'A CSV table with a column of file names or paths (path, file name, image), and a column called label that holds the name of the finding.',
} as const;

/** Main names no more of what is unknown. */
const MANY = 1000;

/** Labels that exist already: what a table holds is shown before anything is written. */
export function ImportLabels({ onClose }: { readonly onClose: () => void }) {
  const { bridge, problems } = useServices();
  const { id: project, writer } = useSession();
  const { task } = useProject();
  const [file, setFile] = useState<string | null>(null);
  const [seen, setSeen] = useState<LabelImport | null>(null);
  const [failure, setFailure] = useState<Failure | null>(null);
  const [changed, setChanged] = useState(false);
  const [busy, setBusy] = useState<'Reading the table…' | 'Importing…' | null>(null);

  const read = async (table: string, write: string | null) => {
    setBusy(write !== null ? 'Importing…' : 'Reading the table…');
    setFailure(null);
    setChanged(false);
    const result = await bridge.call('labels.import', { project, file: table, write });
    setBusy(null);
    if (!result.ok) setFailure(result.failure);
    return result.ok ? result.value : null;
  };
  const choose = async () => {
    const chosen = await bridge.call('dialog.table', { of: 'labels' });
    if (!chosen.ok || chosen.value === null) return;
    setFile(chosen.value);
    setSeen(await read(chosen.value, null));
  };
  const write = async () => {
    const done = file === null || seen === null ? null : await read(file, seen.version);
    if (!done) return;
    if (done.version !== seen?.version) {
      setSeen(done);
      setChanged(true);
      return;
    }
    const undo = async () => {
      for (let step = 0; step < done.steps; step++) await writer.undo();
    };
    const steps = done.steps > 1 ? `, in ${count(done.steps)} steps` : '';
    problems.note(`${counted(done.labels, 'label')} imported${steps}.`, [{ title: 'Undo', run: () => void undo() }]);
    onClose();
  };
  // A table of hundreds of megabytes is read for a while: nothing is written yet, and who waits may leave.
  const importing = busy === 'Importing…';
  const footer = (
    <>
      <span className="muted" role="status">
        {busy}
      </span>
      <span className="spacer" />
      <button className="button" onClick={onClose} disabled={importing} data-testid="import-labels-cancel">
        Cancel
      </button>
      <button
        className="button primary"
        onClick={() => void write()}
        disabled={busy !== null || (seen?.labels ?? 0) === 0}
        data-testid="import-labels-run"
      >
        {seen && seen.labels > 0 ? `Import ${counted(seen.labels, 'label')}` : 'Import'}
      </button>
    </>
  );
  return (
    <Dialog title="Import labels" onClose={onClose} testId="import-labels" footer={footer} busy={importing}>
      <p className="muted">{about[task]} What you have answered already stays as it is.</p>
      <div className="row">
        <button type="button" className="button" onClick={() => void choose()} disabled={busy !== null} data-testid="import-labels-choose">
          <FileSpreadsheet size={14} aria-hidden /> Choose a table…
        </button>
        {file !== null && <span className="path">{file}</span>}
      </div>
      {changed && (
        <p className="import-labels-changed" role="alert" data-testid="import-labels-changed">
          The table was written again after it had been shown: nothing is imported yet. This is what it holds now.
        </p>
      )}
      {failure && <FailureNote failure={failure} />}
      {seen && !failure && <Yield seen={seen} multilabel={task === 'multilabel'} />}
    </Dialog>
  );
}

function Yield({ seen, multilabel }: { readonly seen: LabelImport; readonly multilabel: boolean }) {
  const { rows, unused, images, audit, labels, kept, findings, unknown } = seen;
  return (
    <div className="import-labels-yield" data-testid="import-labels-yield">
      <p>
        <strong>{counted(labels, 'new label')}</strong> on {counted(images, 'image')}, of {counted(rows, 'row')}.
        {kept > 0 && ` ${counted(kept, 'label')} left out: you have answered there.`}
      </p>
      {audit > 0 && (
        <p className="muted">
          {counted(audit, 'image')} {audit === 1 ? 'is' : 'are'} marked for the audit in the table: {audit === 1 ? 'it stays' : 'they stay'}{' '}
          out of training.
        </p>
      )}
      {unused > 0 && (
        <p className="warning">
          {unused === 1 ? '1 row names' : `${count(unused)} rows name`} no image of this project, or a name that several images share.
        </p>
      )}
      {unknown.length > 0 && (
        <p className="muted">
          {multilabel ? 'Columns left out' : 'Labels left out'}, called like no finding of this project: {unknown.slice(0, 12).join(', ')}
          {unknown.length > 12 && ` and ${unknown.length < MANY ? count(unknown.length - 12) : 'many'} more`}.
        </p>
      )}
      <table className="counts">
        <thead>
          <tr>
            <th scope="col">Finding, in the table</th>
            <th scope="col">Present</th>
            {multilabel && <th scope="col">Absent</th>}
            <th scope="col">Unsure</th>
          </tr>
        </thead>
        <tbody>
          {findings.map(({ name, present, absent, unsure }) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              <td>{count(present)}</td>
              {multilabel && <td>{count(absent)}</td>}
              <td>{count(unsure)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
