import { RefreshCw, SearchCheck } from 'lucide-react';
import { useEffect, useState } from 'react';
import type { CommandId } from '../../contract/commands';
import type { Finding } from '../../contract/model';
import { useServices } from '../app/environment';
import { useSession } from '../app/session-context';
import { useSignal } from '../app/signal';
import { count, counted } from '../controls/figures';
import { whyNoHead } from '../labels/head-state';
import { useProject } from '../labels/use-labels';
import { PixelCache } from '../viewer/pixel-cache';
import { Viewer } from '../viewer/Viewer';
import { listed } from './review-session';
import { SuspectList } from './SuspectList';
import { Verdict } from './Verdict';
import './review.css';

interface Props {
  readonly onCommand: (id: CommandId) => void;
  readonly onFinding: (finding: Finding, unsure: boolean) => void;
}

/** Labels that the images of other patients speak against: look again, then keep, change or make unsure. */
export function ReviewView({ onCommand, onFinding }: Props) {
  const { pictures } = useServices();
  const { id: project, labels, review } = useSession();
  const view = useSignal(review.view);
  useSignal(review.newest);
  useSignal(labels.version);
  const [cache] = useState(
    () =>
      new PixelCache(
        (image) => pictures.pixels(project, image),
        (image) => labels.nameOf(image),
      ),
  );
  const all = listed(view);
  const suspect = all[view.at];
  const [image, after, before] = [suspect, all[view.at + 1], all[view.at - 1]].map((each) => each?.image);
  useEffect(() => {
    if (image === undefined) return undefined;
    cache.keep([image, after, before].flatMap((each) => each ?? []));
    // The image that is shown goes first.
    const timer = setTimeout(() => {
      for (const each of [after, before]) if (each !== undefined) void cache.get(each);
    }, 150);
    return () => clearTimeout(timer);
  }, [cache, image, after, before]);

  if (!suspect) return <Nothing />;
  const open = all.filter((each) => review.standing(each) === 'open').length;
  const unlisted = review.unlisted();
  return (
    <div className="review" data-testid="review-view">
      <section className="review-list" aria-label="Suspect labels">
        <header>
          <h2>Suspect labels</h2>
          <p className="muted" data-testid="review-count">
            {count(open)} of {count(all.length)} open
          </p>
          {unlisted > 0 && (
            <button
              className="button small"
              onMouseDown={(event) => event.preventDefault()}
              onClick={() => review.takeNewest()}
              data-testid="review-refresh"
            >
              <RefreshCw size={14} aria-hidden /> {counted(unlisted, 'new one')}, show
            </button>
          )}
        </header>
        <SuspectList view={view} />
      </section>
      <div className="review-stage">
        <Viewer image={suspect.image} cache={cache} onHeader={() => onCommand('view.header')} />
      </div>
      <Verdict suspect={suspect} onCommand={onCommand} onFinding={onFinding} />
    </div>
  );
}

function Nothing() {
  const { review, labels, proposals, status } = useSession();
  const { task } = useProject();
  const newest = useSignal(review.newest);
  const totals = useSignal(labels.totals);
  const standing = useSignal(status);
  const round = useSignal(proposals.round);
  const judged = newest?.judged ?? 0;
  return (
    <div className="empty" data-testid="review-empty">
      <SearchCheck size={32} aria-hidden />
      <h2>{judged > 0 ? 'No suspect label is open' : 'Nothing to review yet'}</h2>
      <p>
        {judged > 0
          ? `${counted(judged, 'label was', 'labels were')} compared with what a head fitted on all other patients says. What speaks against a label is shown here.`
          : round?.head
            ? 'The labels are too few to fit a head without one patient and judge that patient by it.'
            : whyNoHead(task, totals, standing)}
      </p>
    </div>
  );
}
