import type { Finding, Id } from '../../contract/model';
import type { Session } from '../app/session';
import { absentRest, allUnsure, cleared, keyAnswer, leastCertain, proposed, unsureAnswer, type Answer } from '../labels/answers';

/** What the keys and buttons of the queue view do to the image that is shown. `hidden`: proposals are not on the screen. */
export interface QueueContext {
  readonly session: Session;
  readonly hidden: boolean;
  /** A finding that has the focus, if any. */
  readonly focused: Id | null;
  readonly hint: (text: string) => void;
}

export function answerFinding({ session, hidden, hint }: QueueContext, finding: Finding, unsure: boolean): void {
  const image = session.queue.current;
  if (image === null) return;
  const { task, findings } = session.project();
  const view = session.labels.of(image);
  if (task === 'multiclass') {
    if (unsure) return hint('In this project unsure is about the whole image: press 0.');
    send(session, hidden, image, keyAnswer(task, findings, view, finding.id), 'typed');
    return goOn(session, hint);
  }
  return send(session, hidden, image, unsure ? unsureAnswer(view, finding.id) : keyAnswer(task, findings, view, finding.id), 'typed');
}

export function unsure({ session, hidden, focused, hint }: QueueContext): void {
  const image = session.queue.current;
  if (image === null) return;
  const { task, findings } = session.project();
  const view = session.labels.of(image);
  if (task === 'multiclass') {
    send(session, hidden, image, allUnsure(findings), 'typed');
    return goOn(session, hint);
  }
  const finding = focused ?? leastCertain(findings, view, session.proposals.of(image));
  if (finding === null) return hint('Every finding is read. Press Shift and a finding’s key to make it unsure.');
  return send(session, hidden, image, unsureAnswer(view, finding), 'typed');
}

export function absentForRest({ session, hidden, hint }: QueueContext): void {
  const image = session.queue.current;
  if (image === null) return;
  const { task, findings } = session.project();
  if (task === 'multiclass') return hint('In this project an image has one finding: choose it by its key.');
  return send(session, hidden, image, absentRest(findings, session.labels.of(image)), 'typed');
}

/** Enter: what is shown as proposed becomes the label; then the next image. What was not shown is never accepted. */
export function accept({ session, hidden, hint }: QueueContext): void {
  const image = session.queue.current;
  if (image === null) return;
  const { task, findings } = session.project();
  const view = session.labels.of(image);
  const answers = hidden ? [] : proposed(task, findings, view, session.proposals.of(image));
  if (answers.length === 0 && !view.answered) {
    hint(
      hidden
        ? 'Proposals are hidden: answer by key, or press H to show them.'
        : 'Nothing is proposed for this image yet: answer by key, or press X to skip.',
    );
    return;
  }
  send(session, hidden, image, answers, 'accepted');
  goOn(session, hint);
}

export function skip({ session, hint }: QueueContext): void {
  const image = session.queue.current;
  if (image === null) return;
  void session.writer.skip(image);
  goOn(session, hint);
}

export function clear({ session }: QueueContext): void {
  const image = session.queue.current;
  if (image === null) return;
  send(session, true, image, cleared(session.project().findings, session.labels.of(image)), 'typed');
}

/** Undo and redo show what they changed. */
export async function step(session: Session, kind: 'undo' | 'redo'): Promise<void> {
  const action = await session.writer[kind]();
  if (!action) return;
  session.queue.rewind();
  const images = new Set('cells' in action ? action.cells.map(({ image }) => image) : []);
  const skipped = session.labels.skippedBy(kind);
  if (skipped !== null) images.add(skipped);
  const [image] = images;
  if (images.size !== 1 || image === undefined) return;
  if (session.view.get() === 'queue') session.queue.goTo(image);
  if (session.view.get() === 'review') session.review.showImage(image);
}

function goOn(session: Session, hint: (text: string) => void): void {
  if (!session.queue.next()) hint('This was the last image in the queue.');
}

function send(session: Session, hidden: boolean, image: Id, answers: readonly Answer[], source: 'typed' | 'accepted'): void {
  if (answers.length > 0) void session.writer.apply([{ image, answers }], source, !hidden);
}
