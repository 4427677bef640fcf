import { X } from 'lucide-react';
import { Embedding } from './Embedding';
import { LabelCounts } from './LabelCounts';
import { Quality } from './Quality';
import { QueueState } from './QueueState';
import './progress.css';

/** How far the work is and how good the head is. No figure without the number of images behind it. */
export function ProgressPanel({ onClose }: { readonly onClose: () => void }) {
  return (
    <aside className="progress-panel" aria-label="Progress" data-testid="progress-panel">
      <header>
        <h2>Progress</h2>
        <button className="icon-button" aria-label="Close the progress panel (P)" title="Close (P)" onClick={onClose}>
          <X size={16} aria-hidden />
        </button>
      </header>
      <div className="progress-scroll" tabIndex={0} role="region" aria-label="Figures">
        <Embedding />
        <LabelCounts />
        <Quality />
        <QueueState />
      </div>
    </aside>
  );
}
