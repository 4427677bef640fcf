import type { SuspectLabel } from '../../contract/views';
import type { Finding } from '../../contract/model';
import type { Session } from '../app/session';
import { allUnsure, cleared, keyAnswer, onlyPresent, unsureAnswer, type Answer } from '../labels/answers';

export interface ReviewContext {
  readonly session: Session;
  readonly hint: (text: string) => void;
}

/** The label is right after all. It is asked about again only when the evidence against it grows. */
export function keep(context: ReviewContext): void {
  const suspect = context.session.review.current;
  if (!suspect) return;
  if (context.session.review.standing(suspect) !== 'open') return goOn(context);
  const { image, finding, probability, other } = suspect;
  void context.session.writer.keep(image, finding, { probability, other: other.finding });
  goOn(context, suspect);
}

/** What the head would have answered. */
export function change(context: ReviewContext): void {
  const { session } = context;
  const suspect = session.review.current;
  if (!suspect) return;
  const { task, findings } = session.project();
  const { finding, state } = suspect.other;
  send(context, suspect, task === 'multiclass' ? onlyPresent(findings, session.labels.of(suspect.image), finding) : [{ finding, state }]);
}

/**
 * A finding's key. Multi-class: this is the class; the one that was given keeps it. Multi-label: the suspect finding becomes its opposite,
 * another one goes one step around, and the image stays; with Shift unsure.
 */
export function answerFinding(context: ReviewContext, which: Finding, unsureKey: boolean): void {
  const { session, hint } = context;
  const suspect = session.review.current;
  if (!suspect) return;
  const { task, findings } = session.project();
  const view = session.labels.of(suspect.image);
  if (task === 'multiclass') {
    if (unsureKey) return hint('In this project unsure is about the whole image: press 0.');
    if (which.id === suspect.finding) return keep(context);
    return send(context, suspect, onlyPresent(findings, view, which.id));
  }
  if (which.id === suspect.finding) return unsureKey ? unsure(context) : change(context);
  void session.writer.apply(
    [{ image: suspect.image, answers: unsureKey ? unsureAnswer(view, which.id) : keyAnswer(task, findings, view, which.id) }],
    TYPED,
  );
}

export function unsure(context: ReviewContext): void {
  const { session } = context;
  const suspect = session.review.current;
  if (!suspect) return;
  const { task, findings } = session.project();
  send(context, suspect, task === 'multiclass' ? allUnsure(findings) : [{ finding: suspect.finding, state: 'unsure' }]);
}

/** The label is taken away: the image comes back into the queue. */
export function clear(context: ReviewContext): void {
  const { session } = context;
  const suspect = session.review.current;
  if (!suspect) return;
  const { task, findings } = session.project();
  const view = session.labels.of(suspect.image);
  send(context, suspect, task === 'multiclass' ? cleared(findings, view) : [{ finding: suspect.finding, state: 'none' }]);
}

export function skip(context: ReviewContext): void {
  goOn(context);
}

/** The head's opinion is on the screen. */
const TYPED = { source: 'typed', shown: true } as const;

function send(context: ReviewContext, suspect: SuspectLabel, answers: readonly Answer[]): void {
  if (answers.length > 0) void context.session.writer.apply([{ image: suspect.image, answers }], TYPED);
  goOn(context, suspect);
}

/** `decided` is on its way to the journal, so it may still look open. */
function goOn({ session: { review }, hint }: ReviewContext, decided?: SuspectLabel): void {
  if (!review.next()) hint(decided ? 'This was the last suspect label in the list.' : 'No other suspect label is open.');
}
