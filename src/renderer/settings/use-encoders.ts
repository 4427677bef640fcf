import { useCallback, useEffect, useState } from 'react';
import type { EncoderCard } from '../../contract/encoder-card';
import type { Failure } from '../../contract/result';
import { useServices } from '../app/environment';

export interface InstalledEncoder {
  readonly card: EncoderCard;
  readonly bytes: number;
  readonly builtin: boolean;
}

export function useEncoders() {
  const { bridge } = useServices();
  const [encoders, setEncoders] = useState<readonly InstalledEncoder[]>([]);
  const [failure, setFailure] = useState<Failure | null>(null);
  const reload = useCallback(() => {
    void bridge.call('encoders.list', {}).then((result) => {
      if (result.ok) setEncoders(result.value);
      setFailure(result.ok ? null : result.failure);
    });
  }, [bridge]);
  useEffect(reload, [reload]);
  useEffect(() => bridge.on('encoders', reload), [bridge, reload]);
  return { encoders, failure, reload };
}
