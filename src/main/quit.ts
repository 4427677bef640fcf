import { app } from 'electron';

/** Quitting waits until the open project is closed: its journal is flushed with every action anyway, this only tidies up. */
export function setupQuit(close: () => Promise<void>): void {
  let closed = false;
  app.on('before-quit', (event) => {
    if (closed) return;
    event.preventDefault();
    const limit = new Promise((resolve) => setTimeout(resolve, 3000));
    void Promise.race([close(), limit]).finally(() => {
      closed = true;
      app.quit();
    });
  });
}
