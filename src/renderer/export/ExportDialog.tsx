import { FileCheck, FolderOpen } from 'lucide-react';
import { useState } from 'react';
import type { Failure, Result } from '../../contract/result';
import { useServices } from '../app/environment';
import { useSession } from '../app/session-context';
import { useSignal } from '../app/signal';
import { Dialog } from '../controls/Dialog';
import { FailureNote } from '../controls/FailureNote';
import { count, counted } from '../controls/figures';
import { JobProgress } from '../controls/JobProgress';
import { useProject } from '../labels/use-labels';
import { kindsFor, type ExportKind } from './kinds';
import './export.css';

interface Done {
  readonly files: readonly string[];
  readonly copied?: number;
  readonly checked?: number;
  readonly maxDifference?: number;
}

export function ExportDialog({ onClose }: { readonly onClose: () => void }) {
  const { bridge } = useServices();
  const session = useSession();
  const { task } = useProject();
  const round = useSignal(session.proposals.round);
  const { answered } = useSignal(session.labels.totals);
  const [kind, setKind] = useState<ExportKind>('labels');
  const [folder, setFolder] = useState('');
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<Failure | null>(null);
  const [done, setDone] = useState<Done | null>(null);
  const kinds = kindsFor(task, { head: round !== null && round.head !== null, labels: answered });
  const reason = kinds.find((each) => each.kind === kind)?.impossible ?? null;

  const choose = async () => {
    const chosen = await bridge.call('dialog.folder', { title: 'Folder for the export' });
    if (!chosen.ok) return setFailure(chosen.failure);
    if (chosen.value !== null) setFolder(chosen.value);
    setDone(null);
    return setFailure(null);
  };
  const run = async (overwrite: boolean) => {
    setBusy(true);
    setFailure(null);
    setDone(null);
    const base = { project: session.id, folder, overwrite };
    const call = (): Promise<Result<Done>> => {
      if (kind === 'labels') return bridge.call('export.labels', base);
      if (kind === 'folders') return bridge.call('export.classFolders', base);
      return bridge.call('export.model', { ...base, parts: kind });
    };
    const result = await call();
    setBusy(false);
    if (result.ok) setDone(result.value);
    else if (result.failure.code !== 'stopped') setFailure(result.failure);
  };

  const footer = (
    <>
      <span className="muted">{reason ?? (folder === '' ? 'Choose a folder.' : '')}</span>
      <span className="spacer" />
      <button className="button" onClick={onClose} disabled={busy}>
        Close
      </button>
      <button
        className="button primary"
        onClick={() => void run(false)}
        disabled={busy || folder === '' || reason !== null}
        data-testid="export-run"
      >
        Export
      </button>
    </>
  );
  return (
    <Dialog title="Export" onClose={onClose} testId="export-dialog" footer={footer} busy={busy}>
      <fieldset>
        <legend>What</legend>
        {kinds.map((each) => (
          <label key={each.kind} className={each.impossible === null ? 'choice' : 'choice off'}>
            <input
              type="radio"
              name="export"
              checked={kind === each.kind}
              disabled={busy || each.impossible !== null}
              onChange={() => {
                setKind(each.kind);
                setFailure(null);
                setDone(null);
              }}
              data-testid={`export-${each.kind}`}
            />
            <span>
              <strong>{each.title}</strong>
              <span className="muted">{each.impossible ?? each.about}</span>
            </span>
          </label>
        ))}
      </fieldset>
      <fieldset>
        <legend>Where</legend>
        <div className="row">
          <button type="button" className="button" onClick={() => void choose()} disabled={busy} data-testid="export-folder">
            <FolderOpen size={14} aria-hidden /> Choose a folder…
          </button>
          <span className="folder-path" data-testid="export-path">
            {folder}
          </span>
        </div>
      </fieldset>
      {busy && <JobProgress job="export" title="Exporting" />}
      {failure && (
        <FailureNote failure={failure}>
          {failure.code === 'output-exists' && (
            <button className="button small danger" onClick={() => void run(true)} data-testid="export-overwrite">
              Replace it
            </button>
          )}
        </FailureNote>
      )}
      {done && <Written done={done} />}
    </Dialog>
  );
}

function Written({ done }: { readonly done: Done }) {
  const { bridge, problems } = useServices();
  const [first] = done.files;
  const reveal = async (file: string) => {
    const result = await bridge.call('export.reveal', { file });
    if (!result.ok) problems.failure(result.failure);
  };
  return (
    <div className="written" role="status" data-testid="export-done">
      <FileCheck size={16} aria-hidden />
      <div>
        <p>
          {done.copied === undefined ? `${counted(done.files.length, 'file')} written.` : `${counted(done.copied, 'image')} copied.`}
          {done.checked !== undefined && done.maxDifference !== undefined && (
            <span data-testid="export-check">
              {' '}
              Checked against the proposals on {counted(done.checked, 'image')}: largest difference {done.maxDifference.toExponential(1)}.
            </span>
          )}
        </p>
        <ul className="files">
          {done.files.slice(0, 8).map((file) => (
            <li key={file}>{file}</li>
          ))}
          {done.files.length > 8 && <li>and {count(done.files.length - 8)} more</li>}
        </ul>
        {first !== undefined && (
          <button className="button small" onClick={() => void reveal(first)} data-testid="export-reveal">
            Show in folder
          </button>
        )}
      </div>
    </div>
  );
}
