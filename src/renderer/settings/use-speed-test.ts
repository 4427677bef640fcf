import { useState } from 'react';
import type { Failure } from '../../contract/result';
import { useServices } from '../app/environment';
import { useProgress } from '../app/use-progress';

export interface SpeedTest {
  /** Id of the encoder that is at it. */
  readonly running: string | null;
  /** Share of the time that it takes; null while the model is opened. */
  readonly fraction: number | null;
  readonly failed: { readonly id: string; readonly failure: Failure } | null;
  readonly start: (id: string) => void;
  readonly stop: () => void;
}

/** One self-test at a time. `onDone`: its outcome is in the library. */
export function useSpeedTest(onDone: () => void): SpeedTest {
  const { bridge, problems } = useServices();
  const [running, setRunning] = useState<string | null>(null);
  const [failed, setFailed] = useState<SpeedTest['failed']>(null);
  const progress = useProgress('speed');
  const start = async (id: string) => {
    setRunning(id);
    setFailed(null);
    const result = await bridge.call('encoders.measure', { id });
    setRunning(null);
    if (result.ok) onDone();
    else if (result.failure.code !== 'stopped') setFailed({ id, failure: result.failure });
  };
  const stop = async () => {
    const result = await bridge.call('jobs.stop', { job: 'speed' });
    if (!result.ok) problems.failure(result.failure);
  };
  return {
    running,
    fraction: progress && progress.total > 0 ? progress.done / progress.total : null,
    failed,
    start: (id) => void start(id),
    stop: () => void stop(),
  };
}
