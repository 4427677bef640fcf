import { FolderOpen, RefreshCw, Settings } from 'lucide-react';
import { useState } from 'react';
import type { CommandId } from '../../contract/commands';
import type { Failure, Result } from '../../contract/result';
import { Work, type WorkFailure } from '../../contract/work';
import { FailureNote } from '../controls/FailureNote';
import { counted } from '../controls/figures';
import { JobProgress } from '../controls/JobProgress';
import { useProject } from '../labels/use-labels';
import { useServices } from './environment';
import { useSession } from './session-context';
import { scanSentence } from './scan-sentence';
import { useSignal } from './signal';
import { useProgress } from './use-progress';

interface Props {
  readonly onCommand: (id: CommandId) => void;
  /** What is being asked for in a dialog, which says itself what fails. */
  readonly asked: Work | null;
}

/** What the person sees first where several kinds of work fail: what the others wait for. */
const order = Work.options;

/** Everything in the background that fails at the moment, with the next step: the one place for it. */
export function Trouble({ onCommand, asked }: Props) {
  const { failures } = useSignal(useSession().status);
  const shown = failures.filter(({ work }) => work !== asked).sort((a, b) => order.indexOf(a.work) - order.indexOf(b.work));
  return shown.map((failing) =>
    failing.work === 'scan' ? (
      <FolderTrouble key={failing.work} failing={failing} />
    ) : (
      <WorkTrouble key={failing.work} failing={failing} onCommand={onCommand} />
    ),
  );
}

function FolderTrouble({ failing }: { readonly failing: WorkFailure }) {
  const { failure } = failing;
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
    <div className="trouble" data-testid="trouble" data-work="scan">
      <FailureNote failure={failure}>
        <TryAgain failing={failing} onClick={() => bridge.call('work.retry', { project, work: 'scan' })} />
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

/** What goes on all the same. */
const meanwhile: Readonly<Record<Exclude<Work, 'scan'>, string>> = {
  hash: 'Files that moved are compared by their contents. The labels are safe; images of moved files show as missing until then.',
  embed: 'Labeling goes on; proposals stay as they are until then.',
  'hand-over': 'The predictions need the embeddings. Labeling goes on; proposals stay as they are until then.',
  round: 'No new predictions can be made. Labeling goes on, and no label is lost.',
  tune: 'Fine-tuning broke off; the predictions stay as they are.',
  thumbnail: 'Small pictures cannot be made.',
  export: 'The export broke off.',
};

function WorkTrouble({ failing, onCommand }: { readonly failing: WorkFailure; readonly onCommand: (id: CommandId) => void }) {
  const { bridge } = useServices();
  const { id: project } = useSession();
  const { work, failure, again } = failing;
  if (work === 'scan') return null;
  const absent = failure.code === 'encoder-missing' || failure.code === 'encoder-corrupt';
  const retry = () => bridge.call('work.retry', { project, work });
  return (
    <div className="trouble" data-testid="trouble" data-work={work}>
      <FailureNote failure={failure}>
        {work === 'export' ? (
          <button className="button small" onClick={() => onCommand('export.open')}>
            <RefreshCw size={14} aria-hidden /> Export again…
          </button>
        ) : (
          <TryAgain failing={failing} onClick={retry} />
        )}
        {again === null && (
          <button className="button small" onClick={() => void bridge.call('work.dismiss', { project, work })} data-testid="dismiss-work">
            Put away
          </button>
        )}
        {absent && (
          <button className="button small" onClick={() => onCommand('settings.encoders')} data-testid="open-encoders">
            <Settings size={14} aria-hidden /> Open the encoders
          </button>
        )}
        <span className="muted">{meanwhile[work]}</span>
      </FailureNote>
    </div>
  );
}

const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', second: '2-digit' });

/** With the time at which it is tried again by itself. */
function TryAgain({ failing, onClick }: { readonly failing: WorkFailure; readonly onClick: () => Promise<unknown> }) {
  const [busy, setBusy] = useState(false);
  const run = async () => {
    setBusy(true);
    await onClick();
    setBusy(false);
  };
  return (
    <>
      <button className="button small" disabled={busy} onClick={() => void run()} data-testid="retry-work">
        <RefreshCw size={14} aria-hidden /> Try again
      </button>
      {failing.again !== null && <span className="muted">By itself at {clock.format(new Date(failing.again))}.</span>}
    </>
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
