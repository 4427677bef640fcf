import { useCallback, useSyncExternalStore } from 'react';
import type { Id } from '../../contract/model';
import { useSession } from '../app/session-context';
import { useSignal } from '../app/signal';
import type { Probabilities } from './answers';
import type { ImageView } from './labels';

/** Re-renders only when this image changes. */
export function useImage(image: Id): ImageView {
  const { labels } = useSession();
  const subscribe = useCallback((listener: () => void) => labels.subscribeTo(image, listener), [labels, image]);
  return useSyncExternalStore(subscribe, () => labels.of(image));
}

/** The newest probabilities of an image; null without a head. */
export function useProbabilities(image: Id): Probabilities | null {
  const { proposals } = useSession();
  return useSyncExternalStore(proposals.round.subscribe, () => proposals.of(image));
}

export function useProject() {
  return useSignal(useSession().labels.project);
}
