import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { findingKeys } from '../../contract/commands';
import { BUILTIN_ENCODER, type Project } from '../../contract/model';
import type { Result } from '../../contract/result';
import type { Processes } from '../processes';
import type { ProjectLibrary } from './library';

const COUNT = 300;

const colours = ['#e69f00', '#4aa3df', '#2fb38a', '#d55e00'];

/** Draws phantoms into the profile and makes a project of them. Stopped half-way, it leaves nothing behind. */
export async function makeSampleProject(
  library: ProjectLibrary,
  folder: string,
  imaging: Pick<Processes['imaging'], 'call'>,
  signal: AbortSignal,
): Promise<Result<Project>> {
  const out = join(folder, new Date().toISOString().replaceAll(/[:.]/g, '-'));
  const made = await imaging.call('sample', { out, count: COUNT, seed: 0 }, { signal });
  if (!made.ok) {
    await rm(out, { recursive: true, force: true });
    return made;
  }
  return library.create({
    name: 'Sample phantoms',
    folder: join(out, 'images'),
    task: 'multilabel',
    findings: made.value.findings.map((name, index) => ({ name, colour: colours[index] ?? '#a98467', hotkey: findingKeys[index] ?? 'z' })),
    encoder: BUILTIN_ENCODER,
  });
}
