import { memo } from 'react';
import type { CellState, Finding, Id, Task } from '../../contract/model';
import { Key } from '../controls/Key';
import { percent } from '../controls/figures';
import { StateIcon, stateWord } from '../labels/Chips';
import type { FromFile } from '../labels/proposals';
import { fromFileTitle } from '../labels/said';
import { cellOf, type CellView, type ImageView } from '../labels/labels';

interface Props {
  readonly finding: Finding;
  readonly view: ImageView;
  readonly task: Task;
  /** Probability of present; null: none, or hidden. */
  readonly probability: number | null;
  /** Too few labels to tell whether the model is right about it. */
  readonly early: boolean;
  /** There is a head, which has no opinion of this finding yet. */
  readonly unlearnt: boolean;
  /** The probability is that of the encoder file's own head. */
  readonly fromFile: FromFile | null;
  /** What Enter will write. */
  readonly ghost: CellState | null;
  readonly onAnswer: (finding: Finding, unsure: boolean) => void;
  readonly onFocus: (finding: Id | null) => void;
}

/** One finding: its key, its state, what the head thinks. A click does what the key does; with Shift, unsure. */
export const FindingRow = memo(function FindingRow({
  finding,
  view,
  task,
  probability,
  early,
  unlearnt,
  fromFile,
  ghost,
  onAnswer,
  onFocus,
}: Props) {
  const { state, pending, source } = cellOf(view, finding.id);
  const answered = state !== 'none';
  // Multi-class: that the others become absent goes without saying, their outline says it.
  const isOffered = ghost !== null && !(task === 'multiclass' && ghost === 'absent');
  return (
    <li>
      <button
        className={`finding ${state}${pending ? ' pending' : ''}${ghost ? ` ghost-${ghost}` : ''}`}
        data-testid={`finding-${finding.name}`}
        data-state={state}
        {...(ghost ? { 'data-enter': ghost } : {})}
        title={task === 'multilabel' ? 'Present, absent and not read in turn; with Shift: unsure' : undefined}
        onMouseDown={(event) => event.preventDefault()}
        onClick={(event) => onAnswer(finding, event.shiftKey)}
        onFocus={() => onFocus(finding.id)}
        onBlur={() => onFocus(null)}
      >
        <Key label={finding.hotkey.toUpperCase()} />
        <span className="swatch" style={{ background: finding.colour }} aria-hidden />
        <span className="finding-name" title={finding.name}>
          {finding.name}
        </span>
        <span className={`state ${answered ? state : isOffered ? `ghost ${ghost}` : 'none'}`} data-testid="finding-state">
          {answered && !(task === 'multiclass' && state === 'absent') && <StateIcon state={state} size={14} />}
          {answered ? said(task, state, source) : isOffered ? offered(task, ghost) : <span className="visually-hidden">not read</span>}
        </span>
        {unlearnt && !answered && (
          <span className="unlearnt" title="Needs images with it and without">
            Not learnt yet<span className="unlearnt-needs">: needs images with it and without</span>
          </span>
        )}
        {probability !== null && (
          <span
            className={`probability${fromFile ? ' from-file' : ''}${early ? ' early' : ''}`}
            data-testid="proposal"
            data-probability={probability.toFixed(4)}
            {...(fromFile ? { 'data-from-file': fromFile, title: fromFileTitle[fromFile] } : early ? { title: EARLY } : {})}
          >
            {early && task === 'multilabel' ? (
              <span className="probability-early">too few labels yet</span>
            ) : (
              <span className="probability-track" aria-hidden>
                <span
                  className="probability-fill"
                  style={{ width: `${String(probability * 100)}%`, [fromFile ? 'color' : 'background']: finding.colour }}
                />
              </span>
            )}
            <span className="probability-figure">{percent(probability)}</span>
          </span>
        )}
      </button>
    </li>
  );
});

const EARLY = 'Too few labels yet to tell whether the model is right about this finding: Enter leaves it alone.';

/** Multi-class: the one finding that is present was chosen, or taken over from the proposal; that the others are absent goes without saying. */
function said(task: Task, state: CellState, source: CellView['source']): string {
  if (task === 'multiclass' && state === 'absent') return '';
  if (task === 'multilabel' || state !== 'present') return stateWord(state);
  return source === 'accepted' ? 'accepted' : 'chosen';
}

const offered = (task: Task, ghost: CellState): string => (task === 'multiclass' ? 'proposed' : `${stateWord(ghost)}?`);
