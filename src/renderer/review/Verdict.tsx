import { Info } from 'lucide-react';
import type { SuspectLabel } from '../../contract/views';
import type { CommandId } from '../../contract/commands';
import type { Finding } from '../../contract/model';
import { MessagePlace } from '../app/ProblemList';
import { isMac, keyLabel } from '../app/keys/match';
import { useSession } from '../app/session-context';
import { useSignal } from '../app/signal';
import { Key } from '../controls/Key';
import { KeyedButton } from '../controls/KeyedButton';
import { percent } from '../controls/figures';
import { stateWord } from '../labels/Chips';
import { cellOf } from '../labels/labels';
import { useImage, useProject } from '../labels/use-labels';
import { Similar } from '../queue/Similar';
import { given, instead, why } from './evidence';

interface Props {
  readonly suspect: SuspectLabel;
  readonly onCommand: (id: CommandId) => void;
  readonly onFinding: (finding: Finding, unsure: boolean) => void;
}

const sources = {
  typed: 'typed',
  accepted: 'accepted from the proposal',
  bulk: 'given to many images at once',
  imported: 'imported',
} as const;

/** What was answered, what speaks against it, and what the person makes of it. */
export function Verdict({ suspect, onCommand, onFinding }: Props) {
  const session = useSession();
  const { task, findings } = useProject();
  const view = useImage(suspect.image);
  const round = useSignal(session.proposals.round);
  const cell = cellOf(view, suspect.finding);
  const standing = session.review.standing(suspect);
  const rest = task === 'multiclass' ? findings.filter(({ id }) => id !== suspect.finding && id !== suspect.other.finding) : [];
  const show = (image: string) => {
    session.queue.goTo(image);
    session.view.set('queue');
  };
  return (
    <aside className="rail" aria-label="The suspect label" data-testid="verdict">
      <div className="why">
        <Info size={16} aria-hidden />
        <div>
          <span className="why-title">Why this label</span>
          {why(task, findings, suspect, standing === 'open' ? cell.kept : null).map((sentence) => (
            <span key={sentence}>{sentence}</span>
          ))}
        </div>
      </div>
      <div className="rail-heading">
        <h2>Does the label hold?</h2>
      </div>
      <dl className="answers">
        <Answer
          title="Your label"
          findings={findings}
          finding={suspect.finding}
          text={given(task, findings, suspect)}
          p={suspect.probability}
        />
        <Answer
          title="The head"
          findings={findings}
          finding={suspect.other.finding}
          text={instead(task, findings, suspect)}
          p={suspect.other.probability}
        />
      </dl>
      <p className="rail-note" data-testid="verdict-standing">
        {standing === 'changed' ? (
          <>
            Now{' '}
            {cell.state === 'none'
              ? 'without a label'
              : task === 'multiclass' && cell.state === 'absent'
                ? (findings.find(({ id }) => cellOf(view, id).state === 'present')?.name ?? 'another one')
                : stateWord(cell.state)}
            .
          </>
        ) : standing === 'kept' ? (
          'Kept: it is not asked about again unless the head speaks against it more strongly.'
        ) : (
          `The label was ${cell.source === null ? 'given' : sources[cell.source]}.`
        )}
      </p>
      {rest.length > 0 && (
        <div className="other-classes">
          {rest.map((finding) => (
            <button
              key={finding.id}
              className="button small"
              onMouseDown={(event) => event.preventDefault()}
              onClick={() => onFinding(finding, false)}
              data-testid={`class-${finding.name}`}
            >
              <span className="swatch" style={{ background: finding.colour }} aria-hidden />
              {finding.name}
              <Key label={finding.hotkey.toUpperCase()} />
            </button>
          ))}
        </div>
      )}
      {/* Another pool has other neighbours. */}
      <Similar key={round?.pool ?? 0} image={suspect.image} onOpen={show} />
      <MessagePlace />
      <div className="rail-actions">
        <KeyedButton title="Keep the label" hint="Enter" run={() => onCommand('label.keep')} testId="review-keep" primary />
        <KeyedButton
          title={`Change to ${instead(task, findings, suspect)}`}
          hint={keyLabel('Mod+Enter', isMac())}
          run={() => onCommand('label.change')}
          testId="review-change"
        />
        <KeyedButton title="Unsure" hint="0" run={() => onCommand('label.unsure')} testId="review-unsure" />
        <KeyedButton title="Later" hint="X" run={() => onCommand('label.skip')} testId="review-later" />
      </div>
    </aside>
  );
}

interface AnswerProps {
  readonly title: string;
  readonly findings: readonly Finding[];
  readonly finding: Finding['id'];
  readonly text: string;
  readonly p: number;
}

function Answer({ title, findings, finding, text, p }: AnswerProps) {
  const colour = findings.find(({ id }) => id === finding)?.colour ?? '';
  return (
    <div>
      <dt>{title}</dt>
      <dd>
        <span className="swatch" style={{ background: colour }} aria-hidden />
        <span className="answer-text">{text}</span>
        <span className="probability">
          <span className="probability-track" aria-hidden>
            <span className="probability-fill" style={{ width: `${String(p * 100)}%`, background: colour }} />
          </span>
          <span className="probability-figure">{percent(p)}</span>
        </span>
      </dd>
    </div>
  );
}
