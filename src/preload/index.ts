import { contextBridge, ipcRenderer } from 'electron';
import { BRIDGE_GLOBAL, bridge, EVENT_CHANNEL } from '../contract/bridge';

const methods = new Set<string>(Object.keys(bridge.methods));
const events = new Set<string>(Object.keys(bridge.events));
const listeners = new Map<string, Set<(payload: unknown) => void>>();

ipcRenderer.on(EVENT_CHANNEL, (_event, name: string, payload: unknown) => {
  listeners.get(name)?.forEach((listener) => listener(payload));
});

/** Names outside the contract never reach main; what passes is checked there again, with the sender. */
contextBridge.exposeInMainWorld(BRIDGE_GLOBAL, {
  call: (method: string, params: unknown): Promise<unknown> => {
    if (!methods.has(method)) return Promise.reject(new Error(`no method ${method}`));
    return ipcRenderer.invoke(method, params);
  },
  on: (name: string, listener: (payload: unknown) => void): (() => void) => {
    if (!events.has(name)) throw new Error(`no event ${name}`);
    const set = listeners.get(name) ?? new Set();
    listeners.set(name, set);
    set.add(listener);
    return () => set.delete(listener);
  },
});
