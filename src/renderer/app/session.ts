import type { ProjectStatus } from '../../contract/bridge';
import type { Id, Project } from '../../contract/model';
import { ok, type Failure, type Result } from '../../contract/result';
import { JournalFollower } from '../database/follower';
import { GridSelection } from '../grid/selection';
import { Labels } from '../labels/labels';
import { Proposals } from '../labels/proposals';
import { LabelWriter } from '../labels/writer';
import { QueueSession } from '../queue/queue-session';
import { ViewerControls } from '../viewer/controls';
import type { Services } from './environment';
import { Signal } from './signal';

export type View = 'queue' | 'grid';

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
  readonly selection: GridSelection;
  readonly viewer: ViewerControls;
  readonly status: Signal<ProjectStatus>;
  readonly failures: Signal<readonly ImageFailure[]>;
  readonly view: Signal<View>;
  readonly progressOpen: Signal<boolean>;
  readonly similarOpen: Signal<boolean>;
  readonly project: () => Project;
  /** Waits for what is being saved, then lets go. */
  readonly close: () => Promise<void>;
}

/** Opens a project: main first, then the copy of its journal, then the events. */
export async function openSession(services: Services, project: Id): Promise<Result<Session>> {
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
  const proposals = new Proposals(labels.project);
  const follower = new JournalFollower(bridge, project, labels, (failure) => problems.failure(failure));
  const status = new Signal(opened.value.status);
  const failures = new Signal<readonly ImageFailure[]>([]);
  const failed = new Set<Id>();

  async function readFailures() {
    const result = await bridge.call('embedding.failures', { project });
    if (!result.ok) return;
    failed.clear();
    for (const { image } of result.value) if (image !== null) failed.add(image);
    failures.set(result.value);
  }
  const takeStatus = (next: ProjectStatus) => {
    const before = status.get();
    status.set(next);
    if (next.embedding.failed !== before.embedding.failed) void readFailures();
  };
  parts = { follower, proposals, takeStatus };

  const followed = await follower.open(opened.value.last);
  if (!followed.ok) {
    stop();
    return followed;
  }
  const queue = new QueueSession({
    ranked: () => proposals.queue().map(({ image }) => image),
    folder: () => labels.order(),
    done: (image) => {
      const view = labels.of(image);
      return view.answered || view.skipped || failed.has(image);
    },
  });
  const writer = new LabelWriter(bridge, project, labels, proposals, {
    acknowledged: (action) => follower.receive(action),
    refused: (failure, images) => {
      const [image] = images;
      const name = image === undefined ? null : labels.record(image)?.path;
      const actions = image === undefined ? [] : [{ title: 'Show the image', run: () => show(image) }];
      if (failure.code === 'nothing-to-undo') problems.note('There is nothing to undo.');
      else problems.failure(failure, { title: name ? `The label of ${name} was not saved.` : 'This was not saved.', actions });
    },
  });
  const view = new Signal<View>('queue');
  const show = (image: Id) => {
    queue.goTo(image);
    view.set('queue');
  };
  ready = true;
  for (const event of early) event();
  if (opened.value.status.embedding.failed > 0) void readFailures();
  queue.fill();
  const watch = [proposals.round.subscribe(() => queue.fill()), labels.imagesVersion.subscribe(() => queue.rewind())];

  return ok({
    id: project,
    labels,
    proposals,
    writer,
    queue,
    selection: new GridSelection(),
    viewer: new ViewerControls(),
    status,
    failures,
    view,
    progressOpen: new Signal(false),
    similarOpen: new Signal(false),
    project: () => labels.project.get(),
    close: async () => {
      stop();
      watch.forEach((each) => each());
      await follower.close();
      await bridge.call('projects.close', { project });
    },
  });
}

interface Parts {
  readonly follower: JournalFollower;
  readonly proposals: Proposals;
  readonly takeStatus: (status: ProjectStatus) => void;
}
