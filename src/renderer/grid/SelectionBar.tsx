import { Crosshair, X } from 'lucide-react';
import type { CommandId } from '../../contract/commands';
import type { Finding } from '../../contract/model';
import { useSession } from '../app/session-context';
import { useSignal } from '../app/signal';
import { counted } from '../controls/figures';
import { Key } from '../controls/Key';
import { useProject } from '../labels/use-labels';

interface Props {
  readonly onAssign: (finding: Finding, unsure: boolean) => void;
  readonly onCommand: (id: CommandId) => void;
}

/** What can be done with the selection; each is one action and one undo step. */
export function SelectionBar({ onAssign, onCommand }: Props) {
  const { selection } = useSession();
  const { selected } = useSignal(selection.view);
  const { findings, task } = useProject();
  const command = (id: CommandId, title: string, key: string) => (
    <button
      className="button small"
      onMouseDown={(event) => event.preventDefault()}
      onClick={() => onCommand(id)}
      data-testid={`selection-${id}`}
    >
      {title}
      <Key label={key} />
    </button>
  );
  return (
    <div className="selection-bar" role="toolbar" aria-label="Selected images" data-testid="selection-bar">
      <strong data-testid="selection-count">{counted(selected.size, 'image')} selected</strong>
      <div className="selection-findings">
        {findings.map((finding) => (
          <button
            key={finding.id}
            className="button small"
            onMouseDown={(event) => event.preventDefault()}
            onClick={(event) => onAssign(finding, event.shiftKey)}
            data-testid={`assign-${finding.name}`}
          >
            <span className="swatch" style={{ background: finding.colour }} aria-hidden />
            {finding.name}
            <Key label={finding.hotkey.toUpperCase()} />
          </button>
        ))}
        {task === 'multilabel' ? command('label.absentRest', 'Rest absent', 'A') : command('label.unsure', 'Unsure', '0')}
        {command('label.clear', 'Clear', '⌫')}
        <button
          className="button small"
          onMouseDown={(event) => event.preventDefault()}
          onClick={() => onCommand('search.start')}
          data-testid="selection-search"
        >
          <Crosshair size={14} aria-hidden /> More like these…
        </button>
      </div>
      <button
        className="icon-button"
        aria-label="Clear the selection (Esc)"
        title="Clear the selection (Esc)"
        onClick={() => onCommand('grid.selectNone')}
      >
        <X size={16} aria-hidden />
      </button>
    </div>
  );
}
