import { useId } from 'react';
import { HEAD_LISTS, headLists, numbered } from '../../contract/head-lists';
import type { CheckpointFacts } from '../../contract/jobs/encoder';
import type { Task } from '../../contract/model';
import { counted } from '../controls/figures';

interface Props {
  readonly head: NonNullable<CheckpointFacts['head']>;
  readonly names: string;
  readonly task: Task;
  readonly disabled: boolean;
  readonly onNames: (names: string) => void;
  readonly onTask: (task: Task) => void;
}

/** A file does not say what its head was trained for, and its size does not tell: ChestX-ray14 has 14 findings, and so has CheXpert. */
export function HeadNames({ head, names, task, disabled, onNames, onTask }: Props) {
  const id = useId();
  const lists = HEAD_LISTS.map((list) => headLists[list]).filter(({ findings }) => findings.length === head.classes);
  return (
    <fieldset className="head-names" disabled={disabled}>
      <legend>What are its {counted(head.classes, 'finding')}?</legend>
      <p className="muted">The file does not say. With names they can be proposed in your projects from the first image on.</p>
      <div className="row">
        {lists.map(({ title, findings }) => (
          <button key={title} type="button" className="button" onClick={() => onNames(findings.join('\n'))} data-testid="import-list">
            Those of {title}
          </button>
        ))}
        <button type="button" className="button" onClick={() => onNames(numbered(head.classes).join('\n'))} data-testid="import-numbered">
          I do not know
        </button>
      </div>
      <label htmlFor={id} className="muted">
        In the order of the training, one a line
      </label>
      <textarea
        id={id}
        rows={Math.min(8, head.classes + 1)}
        value={names}
        onChange={(event) => onNames(event.target.value)}
        data-testid="import-findings"
      />
      {head.classes > 1 && (
        <label className="choice">
          <input
            type="checkbox"
            checked={task === 'multiclass'}
            onChange={(event) => onTask(event.target.checked ? 'multiclass' : 'multilabel')}
            data-testid="import-multiclass"
          />
          <span>
            <strong>One of them for each image</strong>
            <span className="muted">A softmax head. Otherwise each finding is present or absent by itself.</span>
          </span>
        </label>
      )}
    </fieldset>
  );
}
