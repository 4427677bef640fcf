import { useEffect, useState } from 'react';
import type { BridgeService } from '../../contract/bridge';
import type { z } from 'zod';
import { useServices } from './environment';

export type Progress = z.infer<BridgeService['events']['progress']>;

/** The newest progress of a job since this component is there; null before the first. */
export function useProgress(job: Progress['job']): Progress | null {
  const { bridge } = useServices();
  const [progress, setProgress] = useState<Progress | null>(null);
  useEffect(
    () =>
      bridge.on('progress', (event) => {
        if (event.job === job) setProgress(event);
      }),
    [bridge, job],
  );
  return progress;
}
