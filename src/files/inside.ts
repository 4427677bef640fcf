import { isAbsolute, relative, sep } from 'node:path';

/** Whether `file` is `folder` or lies in it. Of absolute paths without links. */
export function liesIn(folder: string, file: string): boolean {
  const way = relative(folder, file);
  return way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}
