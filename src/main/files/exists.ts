import { access } from 'node:fs/promises';

/** Whether something of this name is there now, of whatever kind. */
export const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );
