import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { isSafe } from '../contract/address';

export interface RequestOptions {
  readonly headers: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  /** Milliseconds without a byte after which the connection counts as broken. */
  readonly patience: number;
  /** Proxy settings are read from it: HTTPS_PROXY, ALL_PROXY, NO_PROXY, in either case. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Further certificate authorities. */
  readonly ca?: string | undefined;
}

/** One GET, redirects not followed. Rejects with the error of the network; the body is the caller's to read or destroy. */
export async function get(url: URL, options: RequestOptions): Promise<IncomingMessage> {
  if (!isSafe(url)) throw new Error(`${url.protocol}//${url.host} is not asked without TLS`);
  const proxy = url.protocol === 'https:' ? proxyFor(url, options.environment) : null;
  const { headers, signal, patience } = options;
  const ca = options.ca === undefined ? {} : { ca: options.ca };
  const tunnel = proxy && (await openTunnel(proxy, url, options));
  // An address by number has no name to be told (RFC 6066, 3).
  const servername = isIP(url.hostname) === 0 ? { servername: url.hostname } : { host: url.hostname };
  const through = tunnel ? { createConnection: () => connectTls({ socket: tunnel, ...servername, ...ca }) } : {};
  const common = { headers: { ...headers, 'user-agent': 'collimate' }, signal, agent: false as const };
  return new Promise((resolve, reject) => {
    const call = url.protocol === 'http:' ? httpRequest(url, common) : httpsRequest(url, { ...common, ...ca, ...through });
    call.setTimeout(patience, () => call.destroy(Object.assign(new Error('no answer'), { code: 'ETIMEDOUT' })));
    call.on('close', () => tunnel?.destroy());
    call.on('error', reject).on('response', resolve).end();
  });
}

/** A connection through a proxy (RFC 9110, 9.3.6). */
function openTunnel(proxy: URL, target: URL, { signal, patience }: RequestOptions): Promise<Socket> {
  const authority = `${target.hostname}:${target.port === '' ? '443' : target.port}`;
  const login = proxy.username === '' ? null : `${decodeURIComponent(proxy.username)}:${decodeURIComponent(proxy.password)}`;
  const headers = {
    host: authority,
    ...(login === null ? {} : { 'proxy-authorization': `Basic ${Buffer.from(login).toString('base64')}` }),
  };
  return new Promise((resolve, reject) => {
    const send = proxy.protocol === 'https:' ? httpsRequest : httpRequest;
    const call = send({
      host: proxy.hostname.replace(/^\[|\]$/g, ''),
      port: proxy.port === '' ? (proxy.protocol === 'https:' ? 443 : 80) : Number(proxy.port),
      method: 'CONNECT',
      path: authority,
      headers,
      signal,
      agent: false,
    });
    call.setTimeout(patience, () => call.destroy(Object.assign(new Error('the proxy does not answer'), { code: 'ETIMEDOUT' })));
    call.on('error', reject);
    call.on('connect', (answer, socket) => {
      call.setTimeout(0);
      if (answer.statusCode === 200) resolve(socket);
      else {
        socket.destroy();
        reject(new Error(`the proxy ${proxy.host} answered ${String(answer.statusCode)}`));
      }
    });
    call.end();
  });
}

/** The proxy that the environment names for this address, as curl reads it. */
export function proxyFor(url: URL, environment: RequestOptions['environment']): URL | null {
  const value = (name: string) => environment[name.toLowerCase()] ?? environment[name] ?? '';
  const spared = value('NO_PROXY')
    .split(',')
    .map((entry) => entry.trim().replace(/^\*?\./, ''))
    .filter((entry) => entry !== '');
  const host = url.hostname.toLowerCase();
  if (spared.some((entry) => entry === '*' || host === entry.toLowerCase() || host.endsWith(`.${entry.toLowerCase()}`))) return null;
  const proxy = value('HTTPS_PROXY') || value('ALL_PROXY');
  if (proxy === '') return null;
  try {
    const address = new URL(proxy.includes('://') ? proxy : `http://${proxy}`);
    return address.protocol === 'http:' || address.protocol === 'https:' ? address : null;
  } catch {
    return null;
  }
}
