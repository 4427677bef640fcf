import { app, net, protocol } from 'electron';
import { normalize, sep, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { TRAINER_PAGE } from '../paths';

const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' blob: data: image:",
  "font-src 'self'",
  "connect-src 'self' image:",
  "worker-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** The hidden page of the trainer computes and does nothing else. */
const trainerPolicy = ["default-src 'none'", "script-src 'self'", "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'"].join(
  '; ',
);

/** Must run before the app is ready. */
export function registerSchemes(): void {
  protocol.registerSchemesAsPrivileged([
    { scheme: 'app', privileges: { standard: true, secure: true, supportFetchAPI: true, stream: true, codeCache: true } },
    { scheme: 'image', privileges: { standard: true, secure: true, supportFetchAPI: true, stream: true, corsEnabled: true } },
  ]);
}

/** app://collimate/… serves the built page and nothing outside its folder. */
export function setupAppProtocol(folder: string): void {
  void app.whenReady().then(() => {
    protocol.handle('app', async (request) => {
      const url = new URL(request.url);
      const path = normalize(join(folder, decodeURIComponent(url.pathname === '/' ? '/index.html' : url.pathname)));
      if (url.host !== 'collimate' || !path.startsWith(folder + sep)) return new Response(null, { status: 404 });
      const file = await net.fetch(pathToFileURL(path).href).catch(() => null);
      if (!file?.ok) return new Response(null, { status: 404 });
      const headers = new Headers(file.headers);
      headers.set('content-security-policy', url.pathname === `/${TRAINER_PAGE}` ? trainerPolicy : policy);
      headers.set('x-content-type-options', 'nosniff');
      headers.set('cross-origin-opener-policy', 'same-origin');
      return new Response(file.body, { status: 200, headers });
    });
  });
}
