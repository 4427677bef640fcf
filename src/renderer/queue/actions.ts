import type { Finding, Id } from '../../contract/model';
import type { Session } from '../app/session';
import { absentRest, allUnsure, cleared, keyAnswer, leastCertain, proposed, unsureAnswer, type Answer } from '../labels/answers';
import { askedView } from '../labels/labels';
import type { Manner } from '../labels/writer';

/** What the keys and buttons of the queue view do to the image that is shown. `hidden`: proposals are not on the screen. */
export interface QueueContext {
  readonly session: Session;
  readonly hidden: boolean;
  /** A finding that has the focus, if any. */
  readonly focused: Id | null;
  readonly hint: (text: string) => void;
}

export function answerFinding(context: QueueContext, finding: Finding, unsure: boolean): void {
  const image = readable(context);
  if (image === null) return;
  const { session, hint } = context;
  const { task, findings } = session.project();
  const view = askedView(session.labels.of(image));
  if (task === 'multiclass') {
    if (unsure) return hint('In this project unsure is about the whole image: press 0.');
    send(context, image, keyAnswer(task, findings, view, finding.id));
    return goOn(context);
  }
  return send(context, image, unsure ? unsureAnswer(view, finding.id) : keyAnswer(task, findings, view, finding.id));
}

export function unsure(context: QueueContext): void {
  const image = readable(context);
  if (image === null) return;
  const { session, focused, hint } = context;
  const { task, findings } = session.project();
  const view = askedView(session.labels.of(image));
  if (task === 'multiclass') {
    send(context, image, allUnsure(findings));
    return goOn(context);
  }
  const finding = focused ?? leastCertain(findings, view, session.proposals.of(image));
  if (finding === null) return hint('Every finding is read. Press Shift and a finding’s key to make it unsure.');
  return send(context, image, unsureAnswer(view, finding));
}

/** Milliseconds that an image has to be on the screen before one key says that nothing else is there; longer where the answer measures the model. */
const GLANCE = 500;
const BLIND_GLANCE = 1000;

/** A: no other finding. What nobody has read becomes absent; then the next image. */
export function absentForRest(context: QueueContext): void {
  const image = readable(context);
  if (image === null) return;
  const { session, hint } = context;
  const { task, findings } = session.project();
  if (task === 'multiclass') return hint('In this project an image has one finding: choose it by its key.');
  const view = askedView(session.labels.of(image));
  const seen = session.appearance.of(image);
  if (seen === null) return hint('The image is not on the screen yet.');
  if (seen < (view.reserved ? BLIND_GLANCE : GLANCE)) {
    return hint(
      `${view.reserved ? 'An audit image' : 'An image'} has to be on the screen for ${view.reserved ? 'a' : 'half a'} second before A says that nothing else is there. Press A again.`,
    );
  }
  send(context, image, absentRest(findings, view), { source: 'typed', by: 'restAbsent' });
  return goOn(context);
}

/** Enter: what is outlined becomes the label; then the next image. What was not shown is never accepted. */
export function accept(context: QueueContext): void {
  const image = readable(context);
  if (image === null) return;
  const { session, hidden, hint } = context;
  const { task, findings } = session.project();
  const view = askedView(session.labels.of(image));
  const answers = hidden ? [] : proposed(task, findings, view, session.proposals.of(image), session.proposals.ruleOf);
  if (answers.length === 0 && !view.answered) return hint(nothingToAccept(hidden, view.reserved));
  send(context, image, answers, { source: 'accepted' });
  goOn(context);
}

function nothingToAccept(hidden: boolean, blind: boolean): string {
  if (blind) return 'An audit image is answered without the model’s opinion: answer by key, or press X to skip.';
  return hidden
    ? 'Proposals are hidden: answer by key, or press H to show them.'
    : 'Nothing is outlined for Enter to accept: answer by key, or press X to skip.';
}

export function skip(context: QueueContext): void {
  const { session } = context;
  const image = session.queue.current;
  if (image === null) return;
  void session.writer.skip(image);
  goOn(context);
}

export function clear(context: QueueContext): void {
  const { session } = context;
  const image = session.queue.current;
  if (image === null) return;
  send({ ...context, hidden: true }, image, cleared(session.project().findings, askedView(session.labels.of(image))));
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

function goOn({ session, hint }: QueueContext): void {
  if (!session.queue.next()) hint('This was the last image in the queue.');
}

/** A file that cannot be read gets no diagnosis. */
function readable({ session, hint }: QueueContext): Id | null {
  const image = session.queue.current;
  if (image === null || !session.unreadable(image)) return image;
  hint('This file cannot be read, so there is nothing to answer: press X to skip it.');
  return null;
}

function send({ session, hidden }: QueueContext, image: Id, answers: readonly Answer[], how: Pick<Manner, 'source' | 'by'> = TYPED): void {
  if (answers.length > 0) void session.writer.apply([{ image, answers }], { ...how, shown: !hidden, asked: true });
}

const TYPED = { source: 'typed' } as const;
