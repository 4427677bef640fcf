import type { ProjectStatus } from '../../contract/views';
import type { Id, Project } from '../../contract/model';
import { ok, type Failure, type Result } from '../../contract/result';
import { count } from '../controls/figures';
import { JournalFollower } from '../database/follower';
import { GridSelection } from '../grid/selection';
import { askedView, Labels } from '../labels/labels';
import { Proposals } from '../labels/proposals';
import { LabelWriter } from '../labels/writer';
import { Appearance } from '../queue/appearance';
import { QueueSession } from '../queue/queue-session';
import { ReviewSession } from '../review/review-session';
import { Comparison } from '../viewer/comparison';
import { ViewerControls } from '../viewer/controls';
import type { Services } from './environment';
import { Signal } from './signal';

/** The name of the message about answers that were refused. */
const UNSAVED = 'unsaved';
/** Of the message about rows of the store that were found damaged. */
const DAMAGED = 'damaged';

export type View = 'queue' | 'grid' | 'review';

export interface ImageFailure {
  readonly image: Id | null;
  readonly path: string;
  readonly failure: Failure;
}

/** One open project as the page knows it. */
export interface Session {
  readonly id: Id;
  readonly labels: Labels;
  readonly proposals: Proposals;
  readonly writer: LabelWriter;
  readonly queue: QueueSession;
  readonly review: ReviewSession;
  readonly selection: GridSelection;
  readonly viewer: ViewerControls;
  readonly comparison: Comparison;
  readonly status: Signal<ProjectStatus>;
  readonly failures: Signal<readonly ImageFailure[]>;
  /** Images whose file was not there at the last look at the folder. */
  readonly missing: Signal<ReadonlySet<Id>>;
  /** Its file could not be read. */
  readonly unreadable: (image: Id) => boolean;
  readonly appearance: Appearance;
  /** Grows when thumbnails can be made again: those that are lacking are then asked for once more. */
  readonly thumbnailTurn: Signal<number>;
  readonly view: Signal<View>;
  readonly progressOpen: Signal<boolean>;
  readonly similarOpen: Signal<boolean>;
  readonly project: () => Project;
  /** Waits for what is being saved, then lets go. */
  readonly close: () => Promise<void>;
}

/** How many actions of the journal have been read. */
export interface Opening {
  readonly done: number;
  readonly total: number;
}

/** Opens a project: main first, then the copy of its journal, then the events. */
export async function openSession(
  services: Services,
  project: Id,
  onProgress: (progress: Opening) => void = () => undefined,
): Promise<Result<Session>> {
  const { bridge, problems } = services;
  // Events may come before the answer to `open`: they are kept until there is somebody to take them.
  const early: (() => void)[] = [];
  let ready = false;
  const later =
    <T>(handler: (payload: T) => void) =>
    (payload: T) => {
      if (ready) handler(payload);
      else early.push(() => handler(payload));
    };
  let parts: Parts | null = null;
  const stops = [
    bridge.on(
      'journal',
      later((event) => event.project === project && parts?.follower.receive(event.action)),
    ),
    bridge.on(
      'journalEnd',
      later((event) => event.project === project && parts?.takeEnd(event.seq)),
    ),
    bridge.on(
      'status',
      later((event) => event.project === project && parts?.takeStatus(event)),
    ),
    bridge.on(
      'pool',
      later((event) => event.project === project && parts?.proposals.receivePool(event)),
    ),
    bridge.on(
      'round',
      later((event) => event.project === project && parts?.proposals.receiveRound(event)),
    ),
  ];
  const stop = () => stops.forEach((each) => each());

  const opened = await bridge.call('projects.open', { project });
  if (!opened.ok) {
    stop();
    return opened;
  }
  const labels = new Labels(opened.value.project);
  const proposals = new Proposals(labels.project, (image) => labels.of(image).reserved);
  const follower = new JournalFollower(bridge, project, labels, (failure) => problems.failure(failure));
  const status = new Signal(opened.value.status);
  const failures = new Signal<readonly ImageFailure[]>([]);
  const failed = new Set<Id>();
  const missing = new Signal<ReadonlySet<Id>>(new Set());

  async function readFailures() {
    const result = await bridge.call('embedding.failures', { project });
    if (!result.ok) return;
    failed.clear();
    for (const { image } of result.value) if (image !== null) failed.add(image);
    failures.set(result.value);
  }
  async function readMissing() {
    const result = await bridge.call('images.missing', { project });
    if (result.ok) missing.set(new Set(result.value));
  }
  const thumbnailTurn = new Signal(0);
  /** Once for each time that damage is found: the store does not find the same again. */
  const tellDamaged = (rows: number) => {
    const some = rows === 1 ? 'One stored embedding was' : `${count(rows)} stored embeddings were`;
    const what = `${some} damaged and no longer count${rows === 1 ? 's' : ''}.`;
    problems.notice(DAMAGED, what, 'They are computed again from the images. If this comes back, have the disk checked.');
  };
  const takeStatus = (next: ProjectStatus) => {
    const before = status.get();
    status.set(next);
    if (next.embedding.damaged > before.embedding.damaged) tellDamaged(next.embedding.damaged);
    if (thumbnailsFail(before) && !thumbnailsFail(next)) thumbnailTurn.update((turn) => turn + 1);
    if (next.embedding.failed !== before.embedding.failed) void readFailures();
    const looked = next.scan.state !== 'running' && before.scan.state === 'running';
    if ((looked || next.scan.missing !== before.scan.missing) && next.scan.missing + missing.get().size > 0) void readMissing();
  };
  /** Nobody waits for an answer: what was announced has to be read. */
  const readOn = () => {
    if (writer.save.get().waiting === 0) follower.readOn();
  };
  const takeEnd = (seq: number) => {
    follower.announce(seq);
    readOn();
  };
  parts = { follower, proposals, takeStatus, takeEnd };

  const { last, lastId } = opened.value;
  onProgress({ done: 0, total: last });
  const followed = await follower.open(last, (done) => onProgress({ done, total: last }), lastId ?? null);
  if (!followed.ok) {
    stop();
    return followed;
  }
  const queue: QueueSession = new QueueSession({
    ranked: () => proposals.queue().map(({ image }) => image),
    folder: () => labels.order(),
    done: (image) => {
      const view = labels.of(image);
      // Where the ranking asks for an audit only a blind answer is one.
      const { answered } = proposals.asksBlind(image) ? askedView(view) : view;
      return answered || view.skipped || failed.has(image) || missing.get().has(image);
    },
    reserved: (image) => labels.of(image).reserved,
    unsaved: (image) => writer.isUnsaved(image),
  });
  const writer: LabelWriter = new LabelWriter(bridge, project, labels, proposals, {
    acknowledged: (action) => follower.receive(action),
    refused: (images) => queue.again(images),
    notStepped: (failure, kind) => {
      if (failure.code === 'nothing-to-undo') problems.note(`There is nothing to ${kind}.`);
      else problems.failure(failure, { title: `${kind === 'undo' ? 'Undo' : 'Redo'} was not saved.` });
    },
  });
  const review = new ReviewSession(bridge, project, labels);
  const view = new Signal<View>('queue');
  const show = (image: Id) => {
    queue.goTo(image);
    view.set('queue');
  };
  const tellUnsaved = () => {
    const { unsaved, reason } = writer.save.get();
    const [image] = unsaved;
    if (image === undefined || !reason) return problems.withdraw(UNSAVED);
    const title =
      unsaved.length === 1 ? `The answer for ${labels.nameOf(image)} was not saved.` : `${count(unsaved.length)} answers were not saved.`;
    const again = unsaved.length === 1 ? 'Then answer the image again.' : 'Then answer the images again: they come first in the queue.';
    const actions = [{ title: unsaved.length === 1 ? 'Show the image' : 'Show the first', run: () => show(image) }];
    problems.stand(UNSAVED, reason, { title, next: again, actions }, () => writer.forgetUnsaved());
  };
  ready = true;
  for (const event of early) event();
  const { damaged } = opened.value.status.embedding;
  if (damaged > 0) tellDamaged(damaged);
  if (opened.value.status.embedding.failed > 0) void readFailures();
  if (opened.value.status.scan.missing > 0) void readMissing();
  queue.fill();
  const watch = [
    proposals.round.subscribe(() => {
      queue.fill();
      if (proposals.round.get()?.stage === 'full') void review.refresh();
    }),
    labels.imagesVersion.subscribe(() => queue.rewind()),
    // The reserve may have been opened.
    labels.project.subscribe(() => queue.rewind()),
    writer.save.subscribe(tellUnsaved),
    writer.save.subscribe(readOn),
  ];

  const viewer = new ViewerControls();
  return ok({
    id: project,
    labels,
    proposals,
    writer,
    queue,
    review,
    selection: new GridSelection(),
    viewer,
    comparison: new Comparison(viewer),
    status,
    failures,
    missing,
    unreadable: (image) => failed.has(image),
    appearance: new Appearance(services.now),
    thumbnailTurn,
    view,
    progressOpen: new Signal(false),
    similarOpen: new Signal(false),
    project: () => labels.project.get(),
    close: async () => {
      stop();
      watch.forEach((each) => each());
      problems.withdraw(UNSAVED);
      problems.withdraw(DAMAGED);
      await follower.close();
      await bridge.call('projects.close', { project });
    },
  });
}

const thumbnailsFail = ({ failures }: ProjectStatus) => failures.some(({ work }) => work === 'thumbnail');

interface Parts {
  readonly follower: JournalFollower;
  readonly proposals: Proposals;
  readonly takeStatus: (status: ProjectStatus) => void;
  readonly takeEnd: (seq: number) => void;
}
