import {
  ArrowLeft,
  ChartNoAxesColumn,
  Check,
  Download,
  Keyboard,
  LayoutGrid,
  LoaderCircle,
  Redo2,
  SearchCheck,
  Settings,
  Square,
  TriangleAlert,
  Undo2,
} from 'lucide-react';
import type { ReactNode } from 'react';
import type { CommandId } from '../../contract/commands';
import { Bar } from '../controls/Bar';
import { count, duration } from '../controls/figures';
import { precisionName } from '../settings/precision';
import { useProject } from '../labels/use-labels';
import { titleWithKey } from './keys/match';
import { useSession } from './session-context';
import { useSignal } from './signal';

/** The line above everything: where we are, whether it is saved, and every command by mouse. */
export function ProjectBar({ onCommand }: { readonly onCommand: (id: CommandId) => void }) {
  const session = useSession();
  const { name } = useProject();
  const view = useSignal(session.view);
  const progressOpen = useSignal(session.progressOpen);
  const totals = useSignal(session.labels.totals);
  // Undo becomes possible with a label: the version is what is watched.
  useSignal(session.labels.version);
  useSignal(session.review.newest);
  const suspects = session.review.open().length;
  const button = (id: CommandId, icon: ReactNode, more: { pressed?: boolean; disabled?: boolean; testId?: string } = {}) => {
    const title = titleWithKey(id);
    return (
      <button
        className="icon-button"
        title={title}
        aria-label={title}
        onMouseDown={(event) => event.preventDefault()}
        onClick={() => onCommand(id)}
        disabled={more.disabled ?? false}
        data-testid={more.testId ?? `command-${id}`}
        {...(more.pressed === undefined ? {} : { 'aria-pressed': more.pressed })}
      >
        {icon}
      </button>
    );
  };
  const tab = (id: 'navigate.queue' | 'navigate.grid' | 'navigate.review', label: string, icon: ReactNode, on: boolean) => (
    <button
      className="tab"
      aria-pressed={on}
      title={titleWithKey(id)}
      onMouseDown={(event) => event.preventDefault()}
      onClick={() => onCommand(id)}
      data-testid={`command-${id}`}
    >
      {icon}
      {label}
      {id === 'navigate.review' && suspects > 0 && (
        <span className="tab-count" data-testid="open-suspects">
          {count(suspects)}
        </span>
      )}
    </button>
  );
  return (
    <header className="project-bar">
      {button('project.close', <ArrowLeft size={16} aria-hidden />)}
      <h1 className="project-name" title={name}>
        {name}
      </h1>
      <span className="project-count" data-testid="labelled-count">
        {count(totals.answered)} of {count(totals.images)} labelled
      </span>
      <nav className="tabs" aria-label="Views">
        {tab('navigate.queue', 'Queue', <Square size={14} aria-hidden />, view === 'queue')}
        {tab('navigate.grid', 'Grid', <LayoutGrid size={14} aria-hidden />, view === 'grid')}
        {tab('navigate.review', 'Review', <SearchCheck size={14} aria-hidden />, view === 'review')}
      </nav>
      <span className="spacer" />
      <EmbeddingChip onClick={() => onCommand('navigate.progress')} />
      <SavedState />
      <span className="bar-group">
        {button('edit.undo', <Undo2 size={16} aria-hidden />, { disabled: !session.labels.canUndo() })}
        {button('edit.redo', <Redo2 size={16} aria-hidden />, { disabled: !session.labels.canRedo() })}
      </span>
      <span className="bar-group">
        {button('navigate.progress', <ChartNoAxesColumn size={16} aria-hidden />, { pressed: progressOpen })}
        {button('export.open', <Download size={16} aria-hidden />)}
        {button('help.keys', <Keyboard size={16} aria-hidden />)}
        {button('settings.open', <Settings size={16} aria-hidden />)}
      </span>
    </header>
  );
}

/** From so many images on saving takes a while, and it is said how many they are. */
const MANY = 200;

/** "Saved" is what the journal has acknowledged after its flush. */
function SavedState() {
  const { waiting, images, unsaved } = useSignal(useSession().writer.save);
  const state = unsaved.length > 0 ? 'failed' : waiting > 0 ? 'saving' : 'saved';
  const text = { saving: images >= MANY ? `Saving ${count(images)} images` : 'Saving', failed: 'Not saved', saved: 'Saved' }[state];
  return (
    <span className={`saved is-${state}`} role="status" data-testid="saved-state">
      {state === 'saving' && <LoaderCircle size={14} className="spin" aria-hidden />}
      {state === 'failed' && <TriangleAlert size={14} aria-hidden />}
      {state === 'saved' && <Check size={14} aria-hidden />}
      {text}
    </span>
  );
}

function EmbeddingChip({ onClick }: { readonly onClick: () => void }) {
  const { embedding, scan, encoder } = useSignal(useSession().status);
  const { state, done, failed, total, secondsLeft } = embedding;
  const running = state === 'running' || (state === 'waiting' && scan.state !== 'failed');
  const text =
    state === 'done'
      ? `${count(done)} embedded${encoder && encoder.precision !== 'fp32' ? ` in ${precisionName[encoder.precision]}` : ''}${failed > 0 ? `, ${count(failed)} unreadable` : ''}`
      : state === 'failed'
        ? 'Embedding stopped'
        : state === 'paused'
          ? `Paused, ${count(done)} of ${count(total)}`
          : scan.state === 'failed'
            ? 'Folder not read'
            : total === 0
              ? 'Reading the folder'
              : `Embedding ${count(done)} of ${count(total)}${secondsLeft === null ? '' : `, ${duration(secondsLeft)} left`}`;
  return (
    <button
      className={`embedding ${state}`}
      onClick={onClick}
      onMouseDown={(event) => event.preventDefault()}
      data-testid="embedding-status"
      data-state={state}
      {...(encoder ? { title: `${encoder.name}, in ${precisionName[encoder.precision]}` } : {})}
    >
      {running && total > 0 && <Bar fraction={done / total} label="Embedding" />}
      <span>{text}</span>
    </button>
  );
}
