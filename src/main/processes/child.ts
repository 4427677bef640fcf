import { utilityProcess } from 'electron';
import type { Log } from '../log';

/** A process of ours that is spoken to over named ports. */
export interface Child {
  readonly pid: number | undefined;
  /** Hands in a port under a name that the process knows (contract/ports). */
  connect(name: string, port: Electron.MessagePortMain): void;
  kill(): void;
  /** Called once, however it ended. */
  onExit(handler: (how: string) => void): void;
}

export type Launch = () => Child;

export const utility =
  (name: string, file: string, log: Log): Launch =>
  () => {
    const child = utilityProcess.fork(file, [], { serviceName: `Collimate ${name}`, stdio: ['ignore', 'pipe', 'pipe'] });
    child.stderr?.on('data', (data: Buffer) => log.note(`${name}: ${data.toString().trim()}`));
    child.stdout?.on('data', (data: Buffer) => log.note(`${name}: ${data.toString().trim()}`));
    return {
      get pid() {
        return child.pid;
      },
      connect: (port, end) => child.postMessage({ connect: port }, [end]),
      kill: () => child.kill(),
      onExit: (handler) => child.once('exit', (code) => handler(String(code))),
    };
  };
