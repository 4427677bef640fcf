import { Crosshair } from 'lucide-react';
import { useServices } from '../app/environment';
import { useSession } from '../app/session-context';
import { useSignal } from '../app/signal';
import { count, counted, percent } from '../controls/figures';
import { useProject } from '../labels/use-labels';

/** What is looked for, how much was screened since and what was found; with the way back. */
export function SearchStrip() {
  const { bridge, problems } = useServices();
  const { id: project, labels } = useSession();
  const { findings, queue } = useProject();
  useSignal(labels.version);
  const search = queue?.search;
  const finding = findings.find(({ id }) => id === search?.finding);
  if (!search || !finding) return null;
  const { screened, found } = labels.since(search.finding, search.started);
  const { images, answered } = labels.totals.get();
  const stop = async () => {
    const result = await bridge.call('search.stop', { project });
    if (!result.ok) problems.failure(result.failure);
  };
  return (
    <div className="search-strip" role="status" data-testid="search-strip">
      <Crosshair size={16} aria-hidden />
      <span>
        Looking for <strong>{finding.name}</strong>:{' '}
        <span data-testid="search-figures" data-screened={screened} data-found={found}>
          {found === 0 ? 'none' : count(found)} found in {counted(screened, 'image')} screened
          {found > 0 && ` (${percent(found / screened)})`}
        </span>
        <span className="muted">, {counted(images - answered, 'image')} not read yet</span>
      </span>
      <span className="spacer" />
      <button
        className="button small"
        onMouseDown={(event) => event.preventDefault()}
        onClick={() => void stop()}
        title="Back to the default queue"
        data-testid="search-stop"
      >
        Stop the search
      </button>
    </div>
  );
}
