import { spawn } from 'node:child_process';

/** Whether windows have a place to appear. */
export const hasDisplay = () => process.platform !== 'linux' || Boolean(process.env['DISPLAY']) || Boolean(process.env['WAYLAND_DISPLAY']);

/**
 * Starts one virtual display (Xvfb, which picks a free number itself) for everything that this process and its children show.
 * @returns {Promise<{ display: string, stop: () => Promise<void> }>}
 */
export function startDisplay() {
  return new Promise((resolve, reject) => {
    const server = spawn('Xvfb', ['-displayfd', '3', '-screen', '0', '1680x1050x24', '-nolisten', 'tcp', '-noreset'], {
      stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
    });
    const end = new Promise((ended) => server.once('close', ended));
    const kill = () => server.kill();
    process.once('exit', kill);
    const stop = async () => {
      process.off('exit', kill);
      server.kill();
      await end;
    };
    server.once('error', reject);
    server.once('exit', (code) => reject(new Error(`Xvfb ended at once (exit code ${code})`)));
    const numbers = /** @type {import('node:stream').Readable} */ (server.stdio[3]);
    numbers.setEncoding('utf8').once('data', (number) => resolve({ display: `:${number.trim()}`, stop }));
  });
}
