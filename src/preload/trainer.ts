import { ipcRenderer } from 'electron';

/** The part of a page's window that is used here; the preload scripts are compiled without the DOM's types. */
interface PageWindow {
  readonly location: { readonly origin: string };
  postMessage(message: unknown, origin: string, ports: readonly unknown[]): void;
}

/** The page of the hidden trainer gets the ports that main sends, and nothing else. */
ipcRenderer.on('connect', (event, name: string) => {
  const page = globalThis as unknown as PageWindow;
  page.postMessage({ connect: name }, page.location.origin, event.ports);
});
