import { Crosshair, Eye, EyeOff, Images, Info, TriangleAlert } from 'lucide-react';
import type { ReactNode } from 'react';
import { imageNotes } from '../../contract/catalogue';
import { reasonSentence } from '../../contract/reasons';
import type { Finding, Id, ImageRecord, Task } from '../../contract/model';
import { notesOf } from '../../contract/facts';
import { useServices } from '../app/environment';
import { MessagePlace } from '../app/ProblemList';
import { useSession } from '../app/session-context';
import { useSignal } from '../app/signal';
import { KeyedButton } from '../controls/KeyedButton';
import { AuditNote } from '../audit/AuditNote';
import { leastCertain, proposed } from '../labels/answers';
import { whyNoHead } from '../labels/head-state';
import { fromFileTitle, isFitted, whoSays } from '../labels/said';
import { proposalSet, setSentence } from '../labels/sets';
import { askedView } from '../labels/labels';
import { useImage, useProbabilities, useProject } from '../labels/use-labels';
import { accepting, nothingProposed } from './enter';
import { FindingRow } from './FindingRow';
import { Similar } from './Similar';

export interface RailActions {
  readonly answer: (finding: Finding, unsure: boolean) => void;
  readonly accept: () => void;
  readonly absentRest: () => void;
  readonly unsure: () => void;
  readonly skip: () => void;
  readonly clear: () => void;
  readonly focus: (finding: Id | null) => void;
  readonly hideProposals: () => void;
  readonly similar: () => void;
  readonly search: () => void;
  readonly header: () => void;
}

/** From more findings on a row is one line, so that what Enter takes over is in view. */
const MANY = 6;

/** Why this image, what can be said of it, and what the head thinks. */
export function Rail({ image, actions }: { readonly image: Id; readonly actions: RailActions }) {
  const { settings } = useServices();
  const { proposals, similarOpen, labels, status, queue, comparison } = useSession();
  const totals = useSignal(labels.totals);
  const standing = useSignal(status);
  const similar = useSignal(similarOpen);
  const { findings, task } = useProject();
  const { hideProposals } = useSignal(settings.current);
  const round = useSignal(proposals.round);
  const view = askedView(useImage(image));
  const blind = view.reserved;
  const probabilities = useProbabilities(image);
  const shown = hideProposals ? null : probabilities;
  const ghosts = hideProposals ? [] : proposed(task, findings, view, probabilities, proposals.ruleOf);
  const hasHead = round?.head !== null && round !== null;
  const speaks = hasHead && !hideProposals && !blind;
  const early = (finding: Finding) => proposals.ruleOf(finding.id)?.skill !== true;
  const multilabel = task === 'multilabel';
  const sets = round?.metrics.sets;
  const set = shown && sets ? proposalSet(task, findings, proposals.columnOf, shown, sets) : null;
  return (
    <aside className="rail" aria-label="Labels of this image" data-testid="rail">
      <Why image={image} />
      <Notes record={view.record} />
      <div className="rail-heading">
        <h2>{multilabel ? 'Findings' : 'Which one is it?'}</h2>
        {speaks && !isFitted(round) && (
          <span className="badge warn" data-testid="from-file" title={fromFileTitle.unchecked}>
            not checked
          </span>
        )}
        {speaks && isFitted(round) && (multilabel ? round.metrics.lowEvidence : findings.some(early)) && (
          <span className="badge warn" data-testid="low-evidence" title="There are few labels so far: these probabilities can be far off.">
            too few labels yet
          </span>
        )}
        <Icon title="More like this: find a finding" run={actions.search} testId="more-like-this">
          <Crosshair size={16} aria-hidden />
        </Icon>
        <Icon title="Similar images that are labelled (.)" pressed={similar} run={actions.similar} testId="toggle-similar">
          <Images size={16} aria-hidden />
        </Icon>
        <Icon
          title={hideProposals ? 'Show proposals (H)' : 'Hide proposals (H)'}
          pressed={hideProposals}
          run={actions.hideProposals}
          testId="hide-proposals"
        >
          {hideProposals ? <EyeOff size={16} aria-hidden /> : <Eye size={16} aria-hidden />}
        </Icon>
      </div>
      <ul className={findings.length > MANY ? 'findings dense' : 'findings'} data-testid="findings">
        {findings.map((finding) => (
          <FindingRow
            key={finding.id}
            finding={finding}
            view={view}
            task={task}
            probability={shown?.get(finding.id) ?? null}
            early={early(finding)}
            unlearnt={shown !== null && multilabel && !shown.has(finding.id)}
            fromFile={proposals.fromFile(finding.id)}
            ghost={ghosts.find((answer) => answer.finding === finding.id)?.state ?? null}
            onAnswer={actions.answer}
            onFocus={actions.focus}
          />
        ))}
      </ul>
      <p className="rail-note">
        {blind
          ? 'What the model says of this image is shown nowhere.'
          : hideProposals
            ? 'Proposals are hidden.'
            : hasHead
              ? whoSays(round, findings, proposals.fromFile)
              : `${totals.answered < FIRST ? `${howToAnswer(task)} ` : ''}${whyNoHead(task, totals, standing)}`}
        {speaks &&
          ghosts.length === 0 &&
          !view.answered &&
          probabilities &&
          ` ${nothingProposed(task, findings, probabilities, proposals.ruleOf)}`}
      </p>
      {set && !view.answered && (
        <p className="rail-note" data-testid="proposal-set">
          {setSentence(task, set)}
        </p>
      )}
      {/* Another pool has other neighbours. */}
      {similar && !blind && (
        <Similar
          key={round?.pool ?? 0}
          image={image}
          onOpen={(other) => (comparison.open.get() ? comparison.show(other) : queue.goTo(other))}
          onClose={actions.similar}
        />
      )}
      <MessagePlace />
      <div className={multilabel ? 'rail-actions' : 'rail-actions three'}>
        <KeyedButton
          title={ghosts.length > 0 ? accepting(task, findings, ghosts) : view.answered ? 'Go on' : 'Nothing to accept'}
          about={
            ghosts.length > 0 ? `${accepting(task, findings, ghosts, Infinity)}, and go on: what is outlined and nothing else` : undefined
          }
          hint="Enter"
          run={actions.accept}
          testId="accept"
          primary={ghosts.length > 0}
          disabled={ghosts.length === 0 && !view.answered}
        />
        {multilabel && (
          <KeyedButton
            title="No other, next"
            about="No other finding: what is not read becomes absent, and the next image follows"
            hint="A"
            run={actions.absentRest}
            testId="absent-rest"
          />
        )}
        <KeyedButton
          title="Unsure"
          hint="0"
          run={actions.unsure}
          testId="unsure"
          about={aboutUnsure(
            task,
            findings.find(({ id }) => id === leastCertain(findings, view, probabilities)),
          )}
        />
        <KeyedButton title="Skip" hint="X" run={actions.skip} testId="skip" />
        <KeyedButton title="Clear" hint="⌫" run={actions.clear} testId="clear" disabled={!view.answered} />
      </div>
    </aside>
  );
}

/** Whoever has answered so many images knows how. */
const FIRST = 3;

const howToAnswer = (task: Task): string =>
  task === 'multilabel'
    ? 'Press a finding’s key or click it: once for present, again for absent; with Shift: unsure. A: no other finding, next.'
    : 'Press its key or click it; the next image follows.';

/** Which finding the button is about, where it is about one. */
const aboutUnsure = (task: Task, next: Finding | undefined): string =>
  task === 'multiclass'
    ? 'Nobody can tell what this image shows'
    : `${next ? `${next.name}, the least certain that is not read` : 'Every finding is read'}; another finding: Shift and its key`;

function Icon(props: { title: string; pressed?: boolean; run: () => void; testId: string; children: ReactNode }) {
  return (
    <button
      className="icon-button"
      aria-pressed={props.pressed}
      aria-label={props.title}
      title={props.title}
      onMouseDown={(event) => event.preventDefault()}
      onClick={props.run}
      data-testid={props.testId}
    >
      {props.children}
    </button>
  );
}

function Why({ image }: { readonly image: Id }) {
  const { proposals } = useSession();
  const round = useSignal(proposals.round);
  const { use, reserved } = useImage(image);
  const entry = proposals.entry(image);
  if (use === 'audit') return <AuditNote blind={reserved} />;
  // A ranking from before the reserve was opened may still call it an audit: what an answer is for is said by `use` alone.
  const text =
    entry && !entry.audit
      ? reasonSentence(entry.reason)
      : round
        ? 'Not one of the queue’s choices: you came here yourself, or it follows in folder order.'
        : 'In folder order, until the first images are embedded.';
  return (
    <div className="why" data-testid="reason" data-reason={entry && !entry.audit ? entry.reason.code : 'none'}>
      <Info size={16} aria-hidden />
      <div>
        <span className="why-title">Why this image</span>
        <span>{text}</span>
      </div>
    </div>
  );
}

/** What the person should know of the image before answering. */
function Notes({ record }: { readonly record: ImageRecord | null }) {
  const notes = record ? notesOf(record) : [];
  if (notes.length === 0) return null;
  return (
    <ul className="image-notes" aria-label="About this image" data-testid="image-notes">
      {notes.map((note) => (
        <li key={note} data-note={note}>
          <TriangleAlert size={14} aria-hidden />
          <span>{imageNotes[note].sentence}</span>
        </li>
      ))}
    </ul>
  );
}
