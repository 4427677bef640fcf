import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { findingKeys } from '../../contract/commands';
import { BUILTIN_ENCODER, type Project } from '../../contract/model';
import type { Result } from '../../contract/result';
import { findingNames, makeSample } from '../../imaging/phantoms';
import type { ProjectLibrary } from './library';

const COUNT = 300;

const colours = ['#e69f00', '#4aa3df', '#2fb38a', '#d55e00'];

/** Draws phantoms into the profile and makes a project of them. Stopped half-way, it leaves nothing behind. */
export async function makeSampleProject(
  library: ProjectLibrary,
  folder: string,
  options: { workerUrl: URL; signal: AbortSignal; onProgress: (done: number, total: number) => void },
): Promise<Result<Project>> {
  const out = join(folder, new Date().toISOString().replaceAll(/[:.]/g, '-'));
  const made = await makeSample({ out, count: COUNT, format: 'png', seed: 0, ...options });
  if (!made.ok) {
    await rm(out, { recursive: true, force: true });
    return made;
  }
  return library.create({
    name: 'Sample phantoms',
    folder: join(out, 'images'),
    task: 'multilabel',
    findings: findingNames.map((name, index) => ({ name, colour: colours[index] ?? '#a98467', hotkey: findingKeys[index] ?? 'z' })),
    encoder: BUILTIN_ENCODER,
  });
}
