import { useState } from 'react';
import type { Id } from '../../contract/model';
import type { Failure } from '../../contract/result';
import { useServices } from '../app/environment';
import { useSession } from '../app/session-context';
import { useSignal } from '../app/signal';
import { Dialog } from '../controls/Dialog';
import { FailureNote } from '../controls/FailureNote';
import { counted } from '../controls/figures';
import { Thumbnail } from '../labels/Thumbnail';
import { useProject } from '../labels/use-labels';
import { probableFinding, startsFor, type Start } from './starts';
import './search.css';

const SHOWN = 8;

/** What to look for, and from where. `these`: the image that is large, or the selection of the grid. */
export function SearchDialog({ these, onClose }: { readonly these: readonly Id[]; readonly onClose: () => void }) {
  const { bridge } = useServices();
  const { id: project, labels, proposals, view } = useSession();
  const { findings, task } = useProject();
  const { perFinding } = useSignal(labels.totals);
  useSignal(proposals.round);
  const present = (finding: Id) => perFinding.get(finding)?.present ?? 0;
  const [first] = these;
  const [finding, setFinding] = useState(() => probableFinding(task, findings, first === undefined ? null : labels.of(first), present));
  const [kind, setKind] = useState<Start['kind'] | null>(null);
  const [failure, setFailure] = useState<Failure | null>(null);
  const [busy, setBusy] = useState(false);
  const known = finding !== null && proposals.knows(finding);
  const starts = startsFor({ these, present: finding === null ? 0 : present(finding), known });
  const possible = starts.filter(({ impossible }) => impossible === null);
  const chosen = possible.find((start) => start.kind === kind) ?? possible[0];

  const start = async () => {
    if (finding === null || !chosen) return;
    setBusy(true);
    const result = await bridge.call('search.start', { project, finding, seeds: [...chosen.seeds] });
    setBusy(false);
    if (!result.ok) return setFailure(result.failure);
    view.set('queue');
    return onClose();
  };
  const footer = (
    <>
      <span className="muted">{chosen ? '' : 'There is nothing to start from yet.'}</span>
      <span className="spacer" />
      <button className="button" onClick={onClose} disabled={busy}>
        Cancel
      </button>
      <button className="button primary" onClick={() => void start()} disabled={busy || !chosen} data-testid="search-start">
        Start
      </button>
    </>
  );
  return (
    <Dialog title="Find a finding" onClose={onClose} testId="search-dialog" footer={footer} busy={busy}>
      <p className="muted">
        For what hardly ever turns up: until you stop, the queue asks about the images that most probably show it. One in ten is drawn at
        random, so that you see what the search misses.
      </p>
      <label className="search-finding">
        <span>{task === 'multilabel' ? 'Finding' : 'Class'}</span>
        <select value={finding ?? ''} onChange={(event) => setFinding(event.target.value)} data-testid="search-finding">
          {findings.map(({ id, name }) => (
            <option key={id} value={id}>
              {name}, {counted(present(id), 'image')} so far
            </option>
          ))}
        </select>
      </label>
      <fieldset>
        <legend>Start from</legend>
        {starts.map((each) => (
          <label key={each.kind} className={each.impossible === null ? 'choice' : 'choice off'}>
            <input
              type="radio"
              name="search"
              checked={chosen?.kind === each.kind}
              disabled={busy || each.impossible !== null}
              onChange={() => setKind(each.kind)}
              data-testid={`search-from-${each.kind}`}
            />
            <span>
              <strong>{each.title}</strong>
              <span className="muted">{each.impossible ?? each.about}</span>
              {each.kind === 'these' && these.length > 0 && (
                <span className="search-seeds">
                  {these.slice(0, SHOWN).map((image) => (
                    <Thumbnail key={image} image={image} />
                  ))}
                  {these.length > SHOWN && <span className="muted">and {these.length - SHOWN} more</span>}
                </span>
              )}
            </span>
          </label>
        ))}
      </fieldset>
      {failure && <FailureNote failure={failure} />}
    </Dialog>
  );
}
