import type { ChildProcess } from 'node:child_process';
import type { Port } from '../../contract/wire';

type Sender = Pick<ChildProcess, 'connected' | 'on'> & { send?: (message: unknown, done: (error: Error | null) => void) => boolean };

/** Between a command and a process of its own; both have to be started with `serialization: 'advanced'`, so that arrays arrive as such. */
export const ofChild = (child: ChildProcess): Port => portOf(child as Sender);
export const ofThisProcess = (): Port => portOf(process as unknown as Sender);

function portOf(end: Sender): Port {
  return {
    post: (message) => {
      // The other end may be gone at any time, which onClose tells.
      if (end.connected) end.send?.(message, () => undefined);
    },
    onMessage: (handler) => end.on('message', handler),
    // Comes after the last message; a process that could not be started is never connected.
    onClose: (handler) => {
      let told = false;
      const once = () => {
        if (!told) handler();
        told = true;
      };
      end.on('disconnect', once);
      end.on('error', once);
    },
  };
}
