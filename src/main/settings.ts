import { AppSettings } from '../contract/views';
import { ok, type Result } from '../contract/result';
import { nativeTheme } from 'electron';
import { readFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { saveFile } from '../files/save';
import type { BridgePart } from './ipc';

export interface SettingsStore {
  readonly get: () => AppSettings;
  readonly change: (change: Partial<AppSettings>) => Promise<Result<AppSettings>>;
  readonly part: BridgePart;
}

/** settings.json in the profile. A damaged file means the defaults, never a failed start. */
export function setupSettings(profile: string): SettingsStore {
  const file = join(profile, 'settings.json');
  let current = read(file);
  nativeTheme.themeSource = current.theme;
  const change = async (changed: Partial<AppSettings>): Promise<Result<AppSettings>> => {
    current = AppSettings.parse({ ...current, ...changed });
    nativeTheme.themeSource = current.theme;
    const written = await saveFile(file, JSON.stringify(current, null, 2));
    return written.ok ? ok(current) : written;
  };
  return {
    get: () => current,
    change,
    part: { 'settings.get': () => Promise.resolve(ok(current)), 'settings.set': (changed) => change(changed as Partial<AppSettings>) },
  };
}

function read(file: string): AppSettings {
  const defaults: AppSettings = {
    theme: 'system',
    hideProposals: false,
    annotator: userName(),
    mirror: '',
    tfjsFolder: null,
    showPatients: false,
  };
  try {
    const parsed = AppSettings.safeParse({ ...defaults, ...(JSON.parse(readFileSync(file, 'utf8')) as object) });
    return parsed.success ? parsed.data : defaults;
  } catch {
    return defaults;
  }
}

function userName(): string {
  try {
    return userInfo().username || 'annotator';
  } catch {
    return 'annotator';
  }
}
