import { useCallback, useState } from 'react';
import type { CommandId } from '../../contract/commands';
import type { Finding, Id } from '../../contract/model';
import { ExportDialog } from '../export/ExportDialog';
import { GridView } from '../grid/GridView';
import * as grid from '../grid/actions';
import { BulkDialog } from '../grid/BulkDialog';
import type { Bulk } from '../grid/bulk';
import { useProject } from '../labels/use-labels';
import { EditFindings } from '../projects/EditFindings';
import { ImportLabels } from '../import/ImportLabels';
import { MetadataDialog } from '../metadata/MetadataDialog';
import { ProgressPanel } from '../progress/ProgressPanel';
import * as queue from '../queue/actions';
import { QueueView } from '../queue/QueueView';
import * as review from '../review/actions';
import { ReviewView } from '../review/ReviewView';
import { SearchDialog } from '../search/SearchDialog';
import { SearchStrip } from '../search/SearchStrip';
import { viewerCommands } from '../viewer/commands';
import { HeaderDialog } from '../viewer/HeaderDialog';
import { useServices } from './environment';
import { useDispatcher } from './keys/dispatcher';
import { ProjectBar } from './ProjectBar';
import { SessionContext } from './session-context';
import type { Session, View } from './session';
import { useSignal } from './signal';
import { scanSentence } from './scan-sentence';
import { Comparing, Trouble } from './Trouble';

interface Props {
  readonly session: Session;
  readonly onClose: () => void;
  /** Commands that are not about the project. */
  readonly onCommand: (id: CommandId) => void;
}

export function ProjectView(props: Props) {
  return (
    <SessionContext value={props.session}>
      <Project {...props} />
    </SessionContext>
  );
}

function Project({ session, onClose, onCommand }: Props) {
  const { bridge, settings, problems } = useServices();
  const view = useSignal(session.view);
  const progressOpen = useSignal(session.progressOpen);
  const { findings } = useProject();
  const [focused, setFocused] = useState<Id | null>(null);
  const [sheet, setSheet] = useState<Sheet | null>(null);

  const { hideProposals: hidden } = useSignal(settings.current);
  const hint = useCallback((text: string) => problems.note(text), [problems]);
  const [bulk, setBulk] = useState<{ readonly bulk: Bulk; readonly run: (bulk: Bulk) => void } | null>(null);
  const ask = useCallback((asked: Bulk, run: (bulk: Bulk) => void) => setBulk({ bulk: asked, run }), []);
  const context = { session, hidden, focused, hint, ask };

  const finding = (which: Finding, unsure: boolean) => {
    const answer = { queue: queue.answerFinding, grid: grid.assign, review: review.answerFinding }[view];
    answer(context, which, unsure);
  };
  const rescan = async () => {
    const result = await bridge.call('projects.rescan', { project: session.id });
    // A scan that failed is said in the view for as long as it holds.
    if (result.ok) problems.note(scanSentence(result.value));
  };
  const toggleHidden = () => void settings.change({ hideProposals: !hidden });
  const command = (id: CommandId) => {
    const run = commandsOf({
      session,
      view,
      context,
      toggleHidden,
      onSheet: setSheet,
      rescan: () => void rescan(),
      onClose,
    })[id];
    if (run) run();
    else onCommand(id);
  };
  // Undo held down must not pile up steps that go on after the key was let go.
  const busy = (id: CommandId) => (id === 'edit.undo' || id === 'edit.redo') && session.writer.stepping;
  useDispatcher({ place: view, findings, command, finding, busy });

  const large = view === 'review' ? (session.review.current?.image ?? null) : session.queue.current;
  return (
    <div className="project">
      <ProjectBar onCommand={command} />
      <Trouble onCommand={command} asked={sheet === 'export' ? 'export' : null} />
      <Comparing />
      <SearchStrip />
      <div className="project-body">
        <main className="project-main">
          {view === 'queue' && (
            <QueueView
              actions={{
                answer: finding,
                accept: () => queue.accept(context),
                absentRest: () => queue.absentForRest(context),
                unsure: () => queue.unsure(context),
                skip: () => queue.skip(context),
                clear: () => queue.clear(context),
                focus: setFocused,
                hideProposals: toggleHidden,
                similar: () => command('view.similar'),
                search: () => command('search.start'),
                header: () => command('view.header'),
              }}
            />
          )}
          {view === 'grid' && <GridView onAssign={finding} onCommand={command} />}
          {view === 'review' && <ReviewView onCommand={command} onFinding={finding} />}
        </main>
        {progressOpen && <ProgressPanel onCommand={command} />}
      </div>
      {sheet === 'export' && <ExportDialog onClose={() => setSheet(null)} />}
      {sheet === 'header' && large !== null && <HeaderDialog image={large} onClose={() => setSheet(null)} />}
      {sheet === 'search' && <SearchDialog these={seedsOf(session, large)} onClose={() => setSheet(null)} />}
      {sheet === 'metadata' && <MetadataDialog onClose={() => setSheet(null)} />}
      {sheet === 'import' && <ImportLabels onClose={() => setSheet(null)} />}
      {bulk && <BulkDialog bulk={bulk.bulk} onRun={bulk.run} onClose={() => setBulk(null)} />}
      {sheet === 'findings' && <EditFindings onClose={() => setSheet(null)} />}
    </div>
  );
}

type Sheet = 'export' | 'findings' | 'header' | 'import' | 'metadata' | 'search';

/** Where a search may start: the image that is large, in the grid the selection. */
function seedsOf(session: Session, large: Id | null): readonly Id[] {
  if (session.view.get() === 'grid') return [...session.selection.view.get().selected];
  return large === null ? [] : [large];
}

interface Doing {
  readonly session: Session;
  readonly view: View;
  readonly context: queue.QueueContext & grid.GridContext;
  readonly toggleHidden: () => void;
  readonly onSheet: (sheet: Sheet) => void;
  readonly rescan: () => void;
  readonly onClose: () => void;
}

/** What each command does in an open project. What is not here belongs to the app. */
function commandsOf(doing: Doing): Partial<Record<CommandId, () => void>> {
  const { session, view, context, toggleHidden, onSheet, rescan, onClose } = doing;
  const { selection } = session;
  const inView = (runs: Readonly<Record<View, () => void>>) => runs[view];
  return {
    'project.close': onClose,
    'export.open': () => onSheet('export'),
    'search.start': () => onSheet('search'),
    'project.findings': () => onSheet('findings'),
    'project.metadata': () => onSheet('metadata'),
    'project.import': () => onSheet('import'),
    'project.rescan': rescan,
    'edit.undo': () => void queue.step(session, 'undo'),
    'edit.redo': () => void queue.step(session, 'redo'),
    'grid.selectAll': () => selection.all(),
    'grid.selectNone': () => selection.none(),
    'label.accept': inView({
      queue: () => queue.accept(context),
      grid: () => grid.openActive(session),
      // The key that goes on takes nothing away.
      review: () => review.keep(context),
    }),
    'label.absentRest': inView({
      queue: () => queue.absentForRest(context),
      grid: () => grid.absentRestOfSelection(context),
      review: () => context.hint('In the review one label is asked about: keep it, change it or make it unsure.'),
    }),
    'label.unsure': inView({
      queue: () => queue.unsure(context),
      grid: () => grid.unsureSelection(context),
      review: () => review.unsure(context),
    }),
    'label.keep': () => review.keep(context),
    'label.change': () => {
      if (view === 'review') review.change(context);
    },
    'label.skip': () => (view === 'review' ? review.skip(context) : queue.skip(context)),
    'label.clear': inView({
      queue: () => queue.clear(context),
      grid: () => grid.clearSelection(context),
      review: () => review.clear(context),
    }),
    'navigate.next': () => {
      if (view === 'review') session.review.show(session.review.view.get().at + 1);
      else if (!session.queue.next()) context.hint('This was the last image in the queue.');
    },
    'navigate.previous': () => {
      if (view === 'review') session.review.show(session.review.view.get().at - 1);
      else session.queue.previous();
    },
    'navigate.queue': () => session.view.set('queue'),
    'navigate.grid': () => session.view.set('grid'),
    'navigate.review': () => {
      // What is not on the screen may be the newest.
      if (view !== 'review') session.review.takeNewest();
      session.view.set('review');
    },
    'navigate.progress': () => session.progressOpen.update((open) => !open),
    ...viewerCommands(session.viewer, context.hint),
    'view.similar': () => session.similarOpen.update((open) => !open),
    'view.compare': () => session.comparison.open.update((open) => !open),
    'view.compareNearer': () => stepComparison(session, context.hint, -1),
    'view.compareFurther': () => stepComparison(session, context.hint, 1),
    'view.header': () => onSheet('header'),
    'view.hideProposals': toggleHidden,
  };
}

function stepComparison({ comparison }: Session, hint: (text: string) => void, by: -1 | 1): void {
  if (!comparison.open.get()) comparison.open.set(true);
  else if (!comparison.step(by) && comparison.choice.get().length > 0)
    hint(by > 0 ? 'This was the least similar one.' : 'This is the most similar one.');
}
