import { FolderOpen, RefreshCw, Settings } from 'lucide-react';
import { useState } from 'react';
import type { CommandId } from '../../contract/commands';
import type { Failure, Result } from '../../contract/result';
import { FailureNote } from '../controls/FailureNote';
import { counted } from '../controls/figures';
import { JobProgress } from '../controls/JobProgress';
import { useProject } from '../labels/use-labels';
import { useServices } from './environment';
import { useSession } from './session-context';
import { scanSentence } from './scan-sentence';
import { useSignal } from './signal';
import { useProgress } from './use-progress';

/** What keeps the project from going on: the folder cannot be read, or embedding has stopped. With the way out. */
export function Trouble({ onCommand }: { readonly onCommand: (id: CommandId) => void }) {
  const { scan, embedding } = useSignal(useSession().status);
  if (scan.state === 'failed' && scan.failure) return <FolderTrouble failure={scan.failure} />;
  if (embedding.state === 'failed' && embedding.failure) return <EncoderTrouble failure={embedding.failure} onCommand={onCommand} />;
  return null;
}

function FolderTrouble({ failure }: { readonly failure: Failure }) {
  const { bridge, problems } = useServices();
  const { id: project, labels } = useSession();
  const { roots } = useProject();
  const { answered } = useSignal(labels.totals);
  const { busy, refused, run } = useAttempt();
  const root = roots.find(({ path }) => path === failure.params['folder']) ?? roots[0];
  const choose = () =>
    run(async () => {
      const chosen = await bridge.call('dialog.folder', { title: `Where are the images of ${root?.path ?? 'this project'} now?` });
      if (!chosen.ok || chosen.value === null) return chosen;
      const found = await bridge.call('projects.relocate', { project, ...(root ? { root: root.id } : {}), folder: chosen.value });
      // Where every file is under its old name there is nothing to tell.
      if (found.ok && found.value.moved + found.value.missing + found.value.uncompared > 0) problems.note(scanSentence(found.value));
      return found;
    });
  return (
    <div className="trouble" data-testid="trouble">
      <FailureNote failure={failure}>
        <button className="button small" disabled={busy} onClick={() => void run(() => bridge.call('projects.rescan', { project }))}>
          <RefreshCw size={14} aria-hidden /> Try again
        </button>
        <button className="button small" disabled={busy} onClick={() => void choose()} data-testid="relocate">
          <FolderOpen size={14} aria-hidden /> Choose the folder again…
        </button>
        {answered > 0 && <span className="muted">The labels of {counted(answered, 'image')} are safe.</span>}
      </FailureNote>
      {refused && refused.code !== failure.code && <FailureNote failure={refused} />}
    </div>
  );
}

/** Files are being compared by their contents: said when that takes long, with the way to stop it. */
export function Comparing() {
  const progress = useProgress('relink');
  if (!progress || progress.done >= progress.total) return null;
  return (
    <div className="trouble">
      <JobProgress job="relink" title="Comparing files by their contents" />
    </div>
  );
}

function EncoderTrouble({ failure, onCommand }: { readonly failure: Failure; readonly onCommand: (id: CommandId) => void }) {
  const { bridge } = useServices();
  const { id: project } = useSession();
  const { busy, refused, run } = useAttempt();
  const absent = failure.code === 'encoder-missing' || failure.code === 'encoder-corrupt';
  return (
    <div className="trouble" data-testid="trouble">
      <FailureNote failure={failure}>
        <button className="button small" disabled={busy} onClick={() => void run(() => bridge.call('embedding.retry', { project }))}>
          <RefreshCw size={14} aria-hidden /> Try again
        </button>
        {absent && (
          <button className="button small" onClick={() => onCommand('settings.encoders')} data-testid="open-encoders">
            <Settings size={14} aria-hidden /> Open the encoders
          </button>
        )}
        <span className="muted">Labeling goes on; proposals stay as they are until then.</span>
      </FailureNote>
      {refused && <FailureNote failure={refused} />}
    </div>
  );
}

function useAttempt() {
  const [busy, setBusy] = useState(false);
  const [refused, setRefused] = useState<Failure | null>(null);
  const run = async (work: () => Promise<Result<unknown>>) => {
    setBusy(true);
    setRefused(null);
    const result = await work();
    setBusy(false);
    if (!result.ok) setRefused(result.failure);
  };
  return { busy, refused, run };
}
