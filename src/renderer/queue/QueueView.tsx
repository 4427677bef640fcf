import { CheckCheck, Images } from 'lucide-react';
import { useEffect, useState } from 'react';
import { OpenReserveButton } from '../audit/OpenReserve';
import { reserveOf } from '../audit/reserve';
import { useServices } from '../app/environment';
import { useSession } from '../app/session-context';
import { useSignal } from '../app/signal';
import { count, counted } from '../controls/figures';
import { PixelCache } from '../viewer/pixel-cache';
import { Viewer } from '../viewer/Viewer';
import { Filmstrip } from './Filmstrip';
import { Rail, type RailActions } from './Rail';
import './queue.css';

/** One image large, what the head proposes for it, and the way there and back. */
export function QueueView({ actions }: { readonly actions: RailActions }) {
  const { pictures } = useServices();
  const session = useSession();
  const { id: project, labels, queue } = session;
  const { shown, at, next } = useSignal(queue.view);
  const [cache] = useState(
    () =>
      new PixelCache(
        (image) => pictures.pixels(project, image),
        (image) => labels.nameOf(image),
      ),
  );
  const image = shown[at];
  const after = shown[at + 1] ?? next[0];
  const before = shown[at - 1];

  useEffect(() => {
    if (image === undefined) return undefined;
    cache.keep([image, after, before].flatMap((each) => each ?? []));
    // The image that is shown goes first; its neighbours follow when the page has time.
    const timer = setTimeout(() => {
      if (after !== undefined) void cache.get(after);
      if (before !== undefined) void cache.get(before);
    }, 150);
    return () => clearTimeout(timer);
  }, [cache, image, after, before]);

  if (image === undefined) return <Nothing />;
  return (
    <div className="queue" data-testid="queue-view">
      <div className="queue-stage">
        <Viewer image={image} cache={cache} onHeader={actions.header} />
        <Filmstrip />
      </div>
      <Rail image={image} actions={actions} />
    </div>
  );
}

function Nothing() {
  const { status, labels } = useSession();
  const { scan } = useSignal(status);
  const { images, answered, skipped } = useSignal(labels.totals);
  useSignal(labels.imagesVersion);
  const kept = reserveOf(labels).open.length;
  const looking = scan.state === 'waiting' || scan.state === 'running';
  return (
    <div className="empty" data-testid="queue-empty">
      {images > 0 ? <CheckCheck size={32} aria-hidden /> : <Images size={32} aria-hidden />}
      <h2>{images > 0 ? 'Nothing left in the queue' : looking ? 'Looking for images…' : 'No images here yet'}</h2>
      <p>
        {images > 0
          ? `${count(answered)} of ${count(images)} images are labelled, ${count(skipped)} skipped. The grid shows them all.`
          : looking
            ? `${count(scan.found)} found so far. The first one is shown as soon as it is known.`
            : 'The folder of this project holds no image that can be read.'}
      </p>
      {kept > 0 && (
        <>
          <p data-testid="reserve-left">
            {counted(kept, 'image')} of the audit’s reserve {kept === 1 ? 'has' : 'have'} no blind answer: they measure the model and are
            asked for one by one.
          </p>
          <OpenReserveButton />
        </>
      )}
    </div>
  );
}
