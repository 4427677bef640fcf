import { useCallback, useEffect, useState } from 'react';
import type { Library } from '../../contract/library';
import { useServices } from '../app/environment';

/** The encoder library, read again whenever it changes. Null until it is known. */
export function useLibrary(): { library: Library | null; reload: () => void } {
  const { bridge, problems } = useServices();
  const [library, setLibrary] = useState<Library | null>(null);
  const reload = useCallback(() => {
    void bridge.call('encoders.library', {}).then((result) => {
      if (result.ok) setLibrary(result.value);
      else problems.failure(result.failure);
    });
  }, [bridge, problems]);
  useEffect(reload, [reload]);
  useEffect(() => bridge.on('encoders', reload), [bridge, reload]);
  return { library, reload };
}
