import { app, type BrowserWindow } from 'electron';
import { setupAbout } from './about';
import { setupBackend } from './backend';
import { setupDialogs } from './dialogs';
import { setupEncoders } from './encoders';
import { setupExports } from './exports';
import { eventsTo, setupIpc } from './ipc';
import { setupJobs } from './jobs';
import { setupLog } from './log';
import { setupMenu } from './menu';
import { setupPaths } from './paths';
import { setupProcesses } from './processes';
import { setupProjects } from './projects';
import { registerSchemes, setupAppProtocol } from './protocols/app';
import { setupImageProtocol } from './protocols/image';
import { setupQuit } from './quit';
import { setupSecurity } from './security';
import { setupSettings } from './settings';
import { setupTuning } from './tuning';
import { openWindow, setupSingleInstance } from './window';

let window: BrowserWindow | null = null;
const page = () => window?.webContents ?? null;

const paths = setupPaths(import.meta.dirname);
if (!setupSingleInstance(() => window)) app.exit(0);
const log = setupLog(paths.profile);
registerSchemes();
setupSecurity();

const emit = eventsTo(page);
const settings = setupSettings(paths.profile);
const processes = setupProcesses(paths, settings, log);
const projects = setupProjects({ paths, processes, settings, emit, log, window: () => window });
const encoders = setupEncoders({ profile: paths.profile, processes, projects, settings, emit });
const exports = setupExports({ projects, processes, emit });
const tuning = setupTuning({ projects, processes, emit });
setupAppProtocol(paths.renderer);
setupImageProtocol(projects.session, processes, paths.profile);
setupMenu((id) => emit('command', { id }));
setupQuit(projects.close);
setupIpc(
  [
    setupAbout(paths),
    settings.part,
    setupBackend({ settings, backends: processes.backends, window: () => window }),
    setupDialogs(() => window),
    projects.part,
    encoders.part,
    exports.part,
    tuning.part,
    setupJobs({
      sample: projects.stopSample,
      import: encoders.stopImport,
      export: exports.stop,
      tune: tuning.stop,
      speed: encoders.stopSpeed,
      relink: () => projects.session()?.stopComparing(),
      custom: encoders.stopCustom,
    }),
  ],
  log,
);
log.onBug((message, detail) => emit('bug', { message, detail }));

// No top-level await: Electron gets ready only after this module is through.
void app.whenReady().then(() => {
  window = openWindow(paths, settings);
});
