import { app, dialog } from 'electron';
import { accessSync, constants, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { sentence } from '../contract/catalogue';
import { fail } from '../contract/result';
import { reasonOf } from '../files/failures';

/** The hidden page of the trainer, below the renderer's folder. */
export const TRAINER_PAGE = 'trainer.html';

/** Where code and data lie. `code` is the folder of the built entry files: out/main, also inside app.asar. */
export interface Paths {
  readonly code: string;
  readonly renderer: string;
  readonly preload: string;
  /** Of the hidden page of the trainer. */
  readonly trainerPreload: string;
  /** Read-only files that come with the app. */
  readonly resources: string;
  /** The profile: everything that belongs to this person. */
  readonly profile: string;
}

/**
 * Chromium's own files go to a folder named after the Electron major in unpackaged runs: an older Chromium deletes an
 * IndexedDB that a newer one wrote. Journals and embeddings do not depend on it and lie above.
 */
export function setupPaths(code: string): Paths {
  const profile = process.env['COLLIMATE_PROFILE'] ?? join(app.getPath('appData'), 'Collimate');
  const major = process.versions.electron.split('.')[0] ?? '0';
  app.setPath('userData', profile);
  const chromium = join(profile, app.isPackaged ? 'chromium' : `chromium-${major}`);
  try {
    mkdirSync(chromium, { recursive: true });
    accessSync(profile, constants.W_OK);
  } catch (error) {
    // Without a place for labels nothing may begin.
    dialog.showErrorBox(
      'Collimate cannot start',
      sentence(fail('folder-not-writable', { folder: profile, reason: reasonOf(error) }).failure),
    );
    app.exit(1);
  }
  app.setPath('sessionData', chromium);
  app.setAppLogsPath(join(profile, 'logs'));
  return {
    code,
    renderer: join(code, '../renderer'),
    preload: join(code, '../preload/index.cjs'),
    trainerPreload: join(code, '../preload/trainer.cjs'),
    resources: app.isPackaged ? process.resourcesPath : join(code, '../../resources'),
    profile,
  };
}
