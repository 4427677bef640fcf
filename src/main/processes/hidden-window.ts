import { BrowserWindow } from 'electron';
import { APP_ORIGIN } from '../../contract/bridge';
import type { Log } from '../log';
import { developmentUrl } from '../security';
import type { Launch } from './child';

/** How long the page may take to load before it counts as ended. */
const LOAD_MS = 30_000;

/**
 * A page that nobody sees, for what only a page of Chromium offers: WebGPU. It is sandboxed like the visible one and may do less: its
 * policy (protocols/app) allows its own script alone, and its preload script does nothing but hand over ports.
 */
export const hiddenWindow =
  (name: string, page: string, preload: string, log: Log): Launch =>
  () => {
    const window = new BrowserWindow({
      show: false,
      focusable: false,
      skipTaskbar: true,
      webPreferences: {
        preload,
        sandbox: true,
        contextIsolation: true,
        nodeIntegration: false,
        webviewTag: false,
        spellcheck: false,
        backgroundThrottling: false,
      },
    });
    const contents = window.webContents;
    let ended = false;
    let exit: (how: string) => void = () => undefined;
    const end = (how: string) => {
      if (ended) return;
      ended = true;
      clearTimeout(late);
      if (!window.isDestroyed()) window.destroy();
      exit(how);
    };
    const late = setTimeout(() => end('a page that does not load'), LOAD_MS);
    const loaded = new Promise<void>((resolve) => contents.once('did-finish-load', resolve));
    void loaded.then(() => clearTimeout(late));
    contents.once('render-process-gone', (_event, { reason }) => end(reason));
    contents.once('did-fail-load', (_event, _code, description) => end(description));
    window.once('closed', () => end('a closed window'));
    contents.on('console-message', (_event, _level, message) => log.note(`${name}: ${message}`));
    contents.loadURL(`${developmentUrl() ?? APP_ORIGIN}/${page}`).catch((error: unknown) => end(String(error)));
    return {
      get pid() {
        return window.isDestroyed() ? undefined : contents.getOSProcessId();
      },
      connect: (port, channel) => {
        void loaded.then(() => {
          if (!ended) contents.postMessage('connect', port, [channel]);
        });
      },
      kill: () => end('being ended'),
      onExit: (handler) => {
        exit = handler;
      },
    };
  };
