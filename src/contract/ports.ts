import type { Port } from './wire';

/** What Electron's MessagePortMain looks like, named here so that no module but main imports Electron. */
export interface MessagePortLike {
  postMessage(message: unknown): void;
  on(event: 'message', listener: (event: { data: unknown }) => void): unknown;
  on(event: 'close', listener: () => void): unknown;
  start(): void;
}

export interface ParentPortLike {
  on(event: 'message', listener: (event: { data: unknown; ports: MessagePortLike[] }) => void): unknown;
}

export function fromMessagePort(channel: MessagePortLike): Port {
  return {
    post: (message) => channel.postMessage(message),
    onMessage: (handler) => {
      channel.on('message', (event) => handler(event.data));
      channel.start();
    },
    onClose: (handler) => {
      channel.on('close', handler);
    },
  };
}

/** What a page's MessagePort looks like. */
export interface DomPortLike {
  postMessage(message: unknown): void;
  addEventListener(type: 'message' | 'close', listener: (event: { data?: unknown }) => void): void;
  start(): void;
}

export function fromDomPort(channel: DomPortLike): Port {
  return {
    post: (message) => channel.postMessage(message),
    onMessage: (handler) => {
      channel.addEventListener('message', (event) => handler(event.data));
      channel.start();
    },
    onClose: (handler) => channel.addEventListener('close', handler),
  };
}

/**
 * A utility process is spoken to over named ports that main hands in ({ connect: name } with one port): "main" for its
 * own service, and for example "imaging" in the encoder, which then calls imaging without a detour through main.
 */
export function acceptPorts(parent: ParentPortLike, accept: (name: string, port: Port) => void): void {
  parent.on('message', ({ data, ports }) => {
    const [port] = ports;
    if (port && typeof data === 'object' && data !== null && 'connect' in data && typeof data.connect === 'string') {
      accept(data.connect, fromMessagePort(port));
    }
  });
}
