import { Check, CircleQuestionMark, Minus, SkipForward } from 'lucide-react';
import type { CellState, Id } from '../../contract/model';
import { askedView } from './labels';
import { useImage, useProject } from './use-labels';

export function StateIcon({ state, size = 12 }: { readonly state: CellState; readonly size?: number }) {
  if (state === 'present') return <Check size={size} strokeWidth={2.5} aria-hidden />;
  if (state === 'absent') return <Minus size={size} strokeWidth={2.5} aria-hidden />;
  if (state === 'unsure') return <CircleQuestionMark size={size} aria-hidden />;
  return null;
}

const words: Record<CellState, string> = { present: 'present', absent: 'absent', unsure: 'unsure', none: 'not read' };
export const stateWord = (state: CellState): string => words[state];

interface ChipsProps {
  readonly image: Id;
  readonly compact?: boolean;
  /** As the large view asks it: of an image of the audit's reserve only what was answered blind. */
  readonly asked?: boolean;
}

/** What is labelled in an image, small: present and unsure findings by name; a count stands for the absent ones. */
export function Chips({ image, compact = false, asked = false }: ChipsProps) {
  const whole = useImage(image);
  const view = asked ? askedView(whole) : whole;
  const { findings, task } = useProject();
  const said = findings.flatMap((finding) => {
    const cell = view.cells.get(finding.id);
    return cell && (cell.state === 'present' || cell.state === 'unsure') ? [{ finding, cell }] : [];
  });
  const absent = findings.filter(({ id }) => view.cells.get(id)?.state === 'absent').length;
  const unsureImage = task === 'multiclass' && said.length > 0 && said.every(({ cell }) => cell.state === 'unsure');
  if (!view.answered && !view.skipped) return null;
  return (
    <span className={compact ? 'chips compact' : 'chips'}>
      {unsureImage ? (
        <span className="chip unsure">
          <StateIcon state="unsure" /> Unsure
        </span>
      ) : (
        said.map(({ finding, cell }) => (
          <span
            key={finding.id}
            className={`chip ${cell.state}${cell.pending ? ' pending' : ''}`}
            title={`${finding.name}: ${stateWord(cell.state)}`}
          >
            {cell.state === 'unsure' ? (
              <StateIcon state="unsure" />
            ) : (
              <span className="swatch" style={{ background: finding.colour }} aria-hidden />
            )}
            <span className="chip-name">{finding.name}</span>
          </span>
        ))
      )}
      {task === 'multilabel' && absent > 0 && (
        <span className="chip absent" title={`${String(absent)} absent`}>
          <StateIcon state="absent" /> {absent}
        </span>
      )}
      {!view.answered && view.skipped && (
        <span className="chip skipped">
          <SkipForward size={12} aria-hidden /> <span className="chip-name">skipped</span>
        </span>
      )}
    </span>
  );
}
