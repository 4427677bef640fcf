import { Trash2 } from 'lucide-react';
import { useState } from 'react';
import type { ProjectSummary } from '../../contract/views';
import type { Id } from '../../contract/model';
import { count, when } from '../controls/figures';
import { taskName } from './tasks';

interface Props {
  readonly project: ProjectSummary;
  readonly disabled: boolean;
  readonly onOpen: (project: Id) => void;
  readonly onRemove: (project: Id) => void;
}

export function RecentProject({ project, disabled, onOpen, onRemove }: Props) {
  const [asking, setAsking] = useState(false);
  const { id, name, folder, task, images, labelled, opened, missing } = project;
  return (
    <li className="recent-item">
      <button className="recent-open" onClick={() => onOpen(id)} disabled={disabled} data-testid="recent-project" data-project={id}>
        <span className="recent-name">
          {name}
          <span className="badge">{taskName(task)}</span>
          {missing && <span className="badge warn">folder not there</span>}
        </span>
        <span className="recent-folder" title={folder}>
          {folder}
        </span>
        <span className="recent-count">
          <strong>{count(labelled)}</strong> of {count(images)} labelled
        </span>
        <span className="recent-when">{when(opened)}</span>
      </button>
      {asking ? (
        <span className="row recent-ask">
          <span>Move to the bin? The images stay.</span>
          <button className="button small danger" onClick={() => onRemove(id)} data-testid="confirm-remove">
            Move to the bin
          </button>
          <button className="button small" onClick={() => setAsking(false)}>
            Keep
          </button>
        </span>
      ) : (
        <button
          className="icon-button"
          aria-label={`Remove ${name}`}
          title="Remove the project; its images are not touched"
          onClick={() => setAsking(true)}
          disabled={disabled}
        >
          <Trash2 size={16} aria-hidden />
        </button>
      )}
    </li>
  );
}
