import { useState } from 'react';
import { Dialog } from '../controls/Dialog';
import { count, counted } from '../controls/figures';
import { useProject } from '../labels/use-labels';
import { labels, type Bulk } from './bulk';

interface Props {
  readonly bulk: Bulk;
  readonly onRun: (bulk: Bulk) => void;
  readonly onClose: () => void;
}

/** Before labels that are there already are changed in bulk. */
export function BulkDialog({ bulk, onRun, onClose }: Props) {
  const { task } = useProject();
  const [all, setAll] = useState(false);
  const fresh = bulk.unread.reduce((sum, { answers }) => sum + labels(task, answers), 0);
  const written = all ? bulk.cells : bulk.unread;
  const run = () => {
    onClose();
    onRun({ ...bulk, cells: written });
  };
  const footer = (
    <>
      <span className="spacer" />
      <button className="button" onClick={onClose}>
        Cancel
      </button>
      <button className="button primary" onClick={run} disabled={written.length === 0} data-testid="bulk-run">
        Set {counted(all ? fresh + bulk.read : fresh, 'label')}
      </button>
    </>
  );
  return (
    <Dialog title="Some of these are labelled" onClose={onClose} testId="bulk-dialog" footer={footer} width="narrow">
      <p data-testid="bulk-read">
        {counted(bulk.read, 'label')} of the selection {bulk.read === 1 ? 'was' : 'were'} given already and would change.
        {bulk.blind > 0 &&
          ` ${count(bulk.blind)} of them ${bulk.blind === 1 ? 'is a blind answer' : 'are blind answers'} of the audit, which would no longer measure the model.`}
      </p>
      <fieldset>
        <legend className="visually-hidden">Which to set</legend>
        <label className="choice">
          <input type="radio" name="bulk" checked={!all} onChange={() => setAll(false)} data-testid="bulk-unread" />
          <span>
            <strong>Only unread ones</strong>
            <span className="muted">
              {fresh === 0 ? 'There are none here: nothing changes.' : `${counted(fresh, 'label')}; what is there stays.`}
            </span>
          </span>
        </label>
        <label className="choice">
          <input type="radio" name="bulk" checked={all} onChange={() => setAll(true)} data-testid="bulk-all" />
          <span>
            <strong>All, also those that are labelled</strong>
            <span className="muted">{counted(fresh + bulk.read, 'label')}, one step of undo.</span>
          </span>
        </label>
      </fieldset>
    </Dialog>
  );
}
