import { useEffect, useState } from 'react';
import type { Weights } from '../../contract/weights';
import { useServices } from '../app/environment';

/** Main is at work on it. */
export const isBusy = ({ state }: Weights) => ['asking', 'running', 'retrying', 'importing'].includes(state);

/** The published weights as main knows them, kept up to date. `onImported` hears the encoder that was made of a download. */
export function useWeights(onImported: (id: string) => void): { weights: readonly Weights[]; proxy: string | null } {
  const { bridge, problems } = useServices();
  const [known, setKnown] = useState<{ weights: readonly Weights[]; proxy: string | null }>({ weights: [], proxy: null });
  useEffect(() => {
    void bridge.call('weights.list', {}).then((result) => {
      if (result.ok) setKnown(result.value);
      else problems.failure(result.failure);
    });
  }, [bridge, problems]);
  useEffect(
    () =>
      bridge.on('weights', (news) => {
        setKnown(({ weights, proxy }) => ({ weights: weights.map((each) => (each.name === news.name ? news : each)), proxy }));
        if (news.encoder !== null) onImported(news.encoder);
      }),
    [bridge, onImported],
  );
  return known;
}
