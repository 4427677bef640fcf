import { createHash, randomBytes } from 'node:crypto';
import { createServer as createHttp, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import { createServer as createHttps } from 'node:https';
import type { AddressInfo } from 'node:net';

export const content = randomBytes(300_000);
export const sha256 = createHash('sha256').update(content).digest('hex');

export interface Seen {
  readonly path: string;
  readonly range: string | undefined;
}

/** A real server on this machine that answers as it is told, and remembers what it was asked. */
export interface Host {
  readonly url: string;
  readonly address: string;
  readonly seen: Seen[];
  answer: (request: IncomingMessage, response: ServerResponse) => void;
  close(): Promise<void>;
}

export async function startHost(tls?: { key: string; cert: string }): Promise<Host> {
  const seen: Seen[] = [];
  const listener: RequestListener = (request, response) => {
    seen.push({ path: request.url ?? '', range: request.headers.range });
    host.answer(request, response);
  };
  const server: Server = tls ? createHttps(tls, listener) : createHttp(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const address = `127.0.0.1:${String(port)}`;
  const host: Host = {
    url: `${tls ? 'https' : 'http'}://${address}`,
    address,
    seen,
    answer: (_, response) => response.writeHead(404).end(),
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
  return host;
}

/** What Hugging Face's page says before it redirects. */
export const linked = (hash = sha256) => ({ 'x-linked-etag': `"${hash}"`, 'x-linked-size': String(content.length) });

/** Gives the file, or the part that is asked for; `upTo`: breaks off behind that many bytes of the file. */
export function giveFile(request: IncomingMessage, response: ServerResponse, upTo = Infinity, headers: Record<string, string> = {}): void {
  const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
  const range = from > 0 ? { 'content-range': `bytes ${String(from)}-${String(content.length - 1)}/${String(content.length)}` } : {};
  response.writeHead(from > 0 ? 206 : 200, { 'content-length': String(content.length - from), ...range, ...headers });
  if (upTo >= content.length) response.end(content.subarray(from));
  // Sent, and then the connection is cut.
  else response.write(content.subarray(from, Math.max(from, upTo)), () => setTimeout(() => response.destroy(), 20));
}
