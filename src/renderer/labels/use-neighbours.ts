import { useEffect, useState } from 'react';
import { sentence } from '../../contract/catalogue';
import type { Id } from '../../contract/model';
import { useServices } from '../app/environment';
import { useSession } from '../app/session-context';
import { useSignal } from '../app/signal';
import { count } from '../controls/figures';

export interface Neighbour {
  readonly image: Id;
  /** Cosine of the embeddings. */
  readonly similarity: number;
}

/** How far is looked for labelled ones. */
const LOOKED_AT = 200;

interface Found {
  readonly image: Id;
  readonly all: readonly Neighbour[];
  readonly problem: string | null;
}

/** The labelled among an image's nearest, the nearest first, and what to say where there are none. */
export function useNeighbours(image: Id): { readonly labelled: readonly Neighbour[]; readonly nothing: string } {
  const { bridge } = useServices();
  const { id: project, labels } = useSession();
  // Which of them are labelled changes with every label.
  useSignal(labels.version);
  const [near, setNear] = useState<Found | null>(null);
  useEffect(() => {
    let current = true;
    void bridge.call('queue.similar', { project, image, count: LOOKED_AT }).then((result) => {
      if (!current) return;
      setNear(result.ok ? { image, all: result.value, problem: null } : { image, all: [], problem: sentence(result.failure) });
    });
    return () => {
      current = false;
    };
  }, [bridge, project, image]);
  if (near?.image !== image) return { labelled: [], nothing: 'Looking…' };
  const { all, problem } = near;
  const none =
    all.length === 0 ? 'This image is not embedded yet.' : `None of the ${count(all.length)} most similar images is labelled yet.`;
  return { labelled: all.filter(({ image: other }) => labels.of(other).answered), nothing: problem ?? none };
}
