import { app, session } from 'electron';
import { APP_ORIGIN } from '../contract/bridge';

/** In development the page comes from Vite's server; everywhere else from app://. */
export const developmentUrl = (): string | undefined => (app.isPackaged ? undefined : process.env['ELECTRON_RENDERER_URL']);

/** Whether a frame of this URL may talk to main. */
export function trusted(url: string): boolean {
  const development = developmentUrl();
  return url.startsWith(`${APP_ORIGIN}/`) || (development !== undefined && url.startsWith(`${development}/`));
}

/** No navigation, no new windows, no permissions but durable storage, no network: the page has no business outside. */
export function setupSecurity(): void {
  // Chromium refuses its sandbox to root; only who starts the app as root switches it off, the app itself never does.
  if (!app.commandLine.hasSwitch('no-sandbox')) app.enableSandbox();
  app.on('web-contents-created', (_event, contents) => {
    contents.on('will-navigate', (event) => event.preventDefault());
    contents.on('will-redirect', (event) => event.preventDefault());
    contents.on('will-attach-webview', (event) => event.preventDefault());
    contents.setWindowOpenHandler(() => ({ action: 'deny' }));
  });
  void app.whenReady().then(() => {
    // Asked for by navigator.storage.persist(); Electron's types do not know the name.
    const allowed = (permission: string) => permission === 'persistent-storage';
    session.defaultSession.setPermissionRequestHandler((_contents, permission, answer) => answer(allowed(permission)));
    session.defaultSession.setPermissionCheckHandler((_contents, permission) => allowed(permission));
    const development = developmentUrl();
    session.defaultSession.webRequest.onBeforeRequest(
      { urls: ['http://*/*', 'https://*/*', 'ws://*/*', 'wss://*/*'] },
      (details, answer) => {
        const local = development !== undefined && new URL(details.url).host === new URL(development).host;
        answer({ cancel: !local });
      },
    );
  });
}
