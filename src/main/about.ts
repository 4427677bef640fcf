import { app } from 'electron';
import { ok } from '../contract/result';
import type { BridgePart } from './ipc';
import type { Paths } from './paths';

/** The major of Electron that releases are built on; development and tests may run on an older stand-in. */
const RELEASE_MAJOR = '45';

export function setupAbout(paths: Paths): BridgePart {
  const { electron } = process.versions;
  return {
    'app.info': () =>
      Promise.resolve(
        ok({
          version: app.getVersion(),
          electron,
          platform: process.platform,
          standIn: electron.split('.')[0] !== RELEASE_MAJOR,
          profile: paths.profile,
        }),
      ),
  };
}
