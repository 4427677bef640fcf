import { dialog, type BrowserWindow } from 'electron';
import { fail, ok, type Result } from '../contract/result';
import type { BridgePart } from './ipc';
import type { TensorBackends } from './processes';
import type { SettingsStore } from './settings';

/**
 * The folder of an installed tfjs-node-gpu or tfjs-node. Its code is run, so the page cannot name one: only the system's dialog can, and
 * it is kept only after a process of its own has loaded it and passed the self-test.
 */
export function setupBackend(options: {
  settings: SettingsStore;
  backends: TensorBackends;
  window: () => BrowserWindow | null;
}): BridgePart {
  const { settings, backends, window } = options;
  const use = async (folder: string | null): Promise<Result<void>> => {
    const saved = await settings.change({ tfjsFolder: folder });
    if (!saved.ok) return saved;
    backends.restart();
    return ok();
  };
  return {
    'backend.choose': async () => {
      const parent = window();
      const question = { title: 'Folder of an installed tfjs-node-gpu or tfjs-node', properties: ['openDirectory' as const] };
      const { canceled, filePaths } = await (parent ? dialog.showOpenDialog(parent, question) : dialog.showOpenDialog(question));
      const [folder] = filePaths;
      if (canceled || folder === undefined) return ok(null);
      const checked = await backends.check(folder);
      if (!checked.ok) return checked;
      const used = await use(folder);
      return used.ok ? ok({ folder, ...checked.value }) : used;
    },
    'backend.check': () => {
      const { tfjsFolder } = settings.get();
      return tfjsFolder === null ? Promise.resolve(fail('wrong-use', { reason: 'no folder is chosen' })) : backends.check(tfjsFolder);
    },
    'backend.forget': () => use(null),
  };
}
