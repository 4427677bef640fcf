import { BrowserWindow } from 'electron';
import { APP_ORIGIN } from '../../contract/bridge';
import { endingOfReason, type Ending } from '../../supervise/ending';
import type { Log } from '../log';
import { developmentUrl } from '../security';
import { channel, type MainChild, type MainHost } from './child';

/** How long the page may take to load before it counts as ended. */
const LOAD_MS = 30_000;

/**
 * A page that nobody sees, for what only a page of Chromium offers: WebGPU. It is sandboxed like the visible one and may do less: its
 * policy (protocols/app) allows its own script alone, and its preload script does nothing but hand over ports.
 */
export function hiddenWindow(name: string, page: string, preload: string, log: Log): MainHost {
  const launch = (): MainChild => {
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
    let exit: (ending: Ending) => void = () => undefined;
    const end = (ending: Ending) => {
      if (ended) return;
      ended = true;
      clearTimeout(late);
      if (!window.isDestroyed()) window.destroy();
      exit(ending);
    };
    const late = setTimeout(() => end(notStarted('its page does not load')), LOAD_MS);
    const loaded = new Promise<void>((resolve) => contents.once('did-finish-load', resolve));
    void loaded.then(() => clearTimeout(late));
    contents.once('render-process-gone', (_event, { reason, exitCode }) => end(endingOfReason(reason, exitCode)));
    contents.once('did-fail-load', (_event, _code, description) => end(notStarted(description)));
    window.once('closed', () => end({ kind: 'exited', detail: 'its window was closed' }));
    contents.on('console-message', (_event, _level, message) => log.note(`${name}: ${message}`));
    contents.loadURL(`${developmentUrl() ?? APP_ORIGIN}/${page}`).catch((error: unknown) => end(notStarted(String(error))));
    return {
      get pid() {
        return window.isDestroyed() ? undefined : contents.getOSProcessId();
      },
      connect: (port, theirs) => {
        void loaded.then(() => {
          if (!ended) contents.postMessage('connect', port, [theirs]);
        });
      },
      kill: () => end({ kind: 'killed', detail: 'by Collimate' }),
      onExit: (handler) => {
        exit = handler;
      },
    };
  };
  return { launch, channel, log };
}

const notStarted = (detail: string): Ending => ({ kind: 'not-started', detail });
