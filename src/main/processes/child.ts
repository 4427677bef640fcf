import { app, MessageChannelMain, utilityProcess } from 'electron';
import { endingOfReason, type Ending } from '../../supervise/ending';
import type { Child, Host } from '../../supervise/supervised';
import type { Log } from '../log';

export type MainChild = Child<Electron.MessagePortMain>;
export type MainHost = Host<Electron.MessagePortMain>;

export const channel = () => new MessageChannelMain();

/** `exit` tells a code alone; Chromium's own event tells the reason, a little before or after it. */
const REASON_MS = 250;

export function utility(name: string, file: string, log: Log): MainHost {
  const serviceName = `Collimate ${name}`;
  const launch = (): MainChild => {
    const child = utilityProcess.fork(file, [], { serviceName, stdio: ['ignore', 'pipe', 'pipe'] });
    child.stderr?.on('data', (data: Buffer) => log.note(`${name}: ${data.toString().trim()}`));
    child.stdout?.on('data', (data: Buffer) => log.note(`${name}: ${data.toString().trim()}`));
    return {
      get pid() {
        return child.pid;
      },
      connect: (port, end) => child.postMessage({ connect: port }, [end]),
      kill: () => child.kill(),
      onExit: (handler) => whenEnded(child, serviceName, handler),
    };
  };
  return { launch, channel, log };
}

function whenEnded(child: Electron.UtilityProcess, serviceName: string, handler: (ending: Ending) => void): void {
  let reason: { readonly ending: Ending; readonly at: number } | null = null;
  let exited = false;
  const end = (ending: Ending) => {
    app.off('child-process-gone', hear);
    clearTimeout(late);
    handler(ending);
  };
  const hear = (_event: unknown, details: Electron.Details) => {
    if (details.type !== 'Utility' || details.name !== serviceName) return;
    const ending = endingOfReason(details.reason, details.exitCode);
    if (exited) end(ending);
    // It may also be of another process of this name, whose own end comes at once.
    else reason = { ending, at: Date.now() };
  };
  let late: NodeJS.Timeout | undefined;
  app.on('child-process-gone', hear);
  child.once('exit', (code) => {
    exited = true;
    if (reason && Date.now() - reason.at <= REASON_MS) end(reason.ending);
    else late = setTimeout(() => end({ kind: 'exited', detail: `code ${String(code)}` }), REASON_MS);
  });
}
