import { X } from 'lucide-react';
import type { CommandId } from '../../contract/commands';
import { AuditState } from '../audit/AuditState';
import { Embedding } from './Embedding';
import { EnterRule } from './EnterRule';
import { FineTune } from './FineTune';
import { LabelCounts } from './LabelCounts';
import { Quality } from './Quality';
import { QueueState } from './QueueState';
import './progress.css';

/** How far the work is and how good the head is. No figure without the number of images behind it. */
export function ProgressPanel({ onCommand }: { readonly onCommand: (id: CommandId) => void }) {
  return (
    <aside className="progress-panel" aria-label="Progress" data-testid="progress-panel">
      <header>
        <h2>Progress</h2>
        <button
          className="icon-button"
          aria-label="Close the progress panel (P)"
          title="Close (P)"
          onClick={() => onCommand('navigate.progress')}
        >
          <X size={16} aria-hidden />
        </button>
      </header>
      <div className="progress-scroll" tabIndex={0} role="region" aria-label="Figures">
        <Embedding onRescan={() => onCommand('project.rescan')} />
        <LabelCounts
          onEdit={() => onCommand('project.findings')}
          onPatients={() => onCommand('project.metadata')}
          onImport={() => onCommand('project.import')}
        />
        <Quality />
        <EnterRule />
        <AuditState />
        <FineTune />
        <QueueState onSearch={() => onCommand('search.start')} />
      </div>
    </aside>
  );
}
