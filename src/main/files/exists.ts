import { access } from 'node:fs/promises';
import { patiently } from '../../imaging/drive';

/** Whether something of this name is there now, of whatever kind. */
export const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

const SECONDS = 2;

/** The same for places that the person chose: a drive that does not answer counts as one that is not there. */
export const reachable = (path: string): Promise<boolean> => patiently(() => exists(path), SECONDS).catch(() => false);
