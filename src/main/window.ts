import { app, BrowserWindow } from 'electron';
import { join } from 'node:path';
import { APP_ORIGIN } from '../contract/bridge';
import type { Paths } from './paths';
import { developmentUrl } from './security';
import type { SettingsStore } from './settings';
import { nativeTheme } from 'electron';

/** One window, one page. Opened last, when every handler is in place. */
export function openWindow(paths: Paths, settings: SettingsStore): BrowserWindow {
  const dark = settings.get().theme === 'dark' || (settings.get().theme === 'system' && nativeTheme.shouldUseDarkColors);
  const window = new BrowserWindow({
    width: 1440,
    height: 900,
    minWidth: 960,
    minHeight: 600,
    show: false,
    title: 'Collimate',
    icon: join(paths.resources, 'icon.png'),
    // The colour until the page paints, so that a dark reading room is not lit by a white flash.
    backgroundColor: dark ? '#0e0f11' : '#f6f7f8',
    webPreferences: {
      preload: paths.preload,
      sandbox: true,
      contextIsolation: true,
      nodeIntegration: false,
      webviewTag: false,
      spellcheck: false,
    },
  });
  window.once('ready-to-show', () => window.show());
  // The hidden window of the trainer must not keep the app alive.
  window.once('closed', () => app.quit());
  void window.loadURL(developmentUrl() ?? `${APP_ORIGIN}/index.html`);
  return window;
}

/** A second start brings the first window to the front: two apps must not write one profile. */
export function setupSingleInstance(window: () => BrowserWindow | null): boolean {
  const first = app.requestSingleInstanceLock();
  app.on('second-instance', () => {
    const current = window();
    if (current?.isMinimized()) current.restore();
    current?.focus();
  });
  return first;
}
