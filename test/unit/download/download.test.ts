import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest';
import { sentence } from '../../../src/contract/catalogue';
import { unwrap, type Result } from '../../../src/contract/result';
import { download, type Download } from '../../../src/download/download';
import { proxyFor } from '../../../src/download/request';
import { weightsNames, weightsOf } from '../../../src/download/weights';
import { content, giveFile, linked, sha256, startHost, type Host } from './host';

const root = mkdtempSync(join(tmpdir(), 'collimate-'));
afterAll(() => rmSync(root, { recursive: true }));
let hub: Host;
let store: Host;
let folder = '';
beforeEach(async () => {
  [hub, store] = [await startHost(), await startHost()];
  folder = mkdtempSync(join(root, 'x'));
  // As the page on Hugging Face: the hash in the first answer, the bytes from another host.
  hub.answer = (_, response) => response.writeHead(302, { ...linked(), location: `${store.url}/blob` }).end();
  store.answer = giveFile;
});
afterEach(async () => {
  await hub.close();
  await store.close();
});

const fetchFile = (more: Partial<Download> = {}) =>
  download({
    url: `${hub.url}/weights.pt`,
    file: join(folder, 'weights.pt'),
    signal: new AbortController().signal,
    environment: {},
    patience: 400,
    pause: 1,
    ...more,
  });
const codeOf = (result: Result<unknown>) => (result.ok ? 'ok' : result.failure.code);
const sentenceOf = (result: Result<unknown>) => (result.ok ? 'ok' : sentence(result.failure));
const left = () => readdirSync(folder).sort();

describe('a download', () => {
  test('follows the redirect, shows both hosts and the progress, checks and keeps the file', async () => {
    const shown: string[] = [];
    const progress: [number, number][] = [];
    const got = unwrap(await fetchFile({ onHost: (host) => shown.push(host), onProgress: (...at) => progress.push(at) }));
    expect(got).toMatchObject({ sha256, bytes: content.length, hosts: [hub.address, store.address] });
    expect(shown).toEqual([hub.address, store.address]);
    expect(progress[0]).toEqual([0, content.length]);
    expect(progress.at(-1)).toEqual([content.length, content.length]);
    expect(readFileSync(got.file).equals(content)).toBe(true);
    expect(left()).toEqual(['weights.pt']);
  });

  test('from a mirror that gives the file itself and states the hash as its ETag', async () => {
    hub.answer = (request, response) => giveFile(request, response, Infinity, { etag: `"${sha256}"` });
    expect(codeOf(await fetchFile())).toBe('ok');
  });

  test('goes on where the connection broke off, again and again', async () => {
    let upTo = 0;
    store.answer = (request, response) => giveFile(request, response, (upTo += 70_000));
    unwrap(await fetchFile());
    expect(readFileSync(join(folder, 'weights.pt')).equals(content)).toBe(true);
    const ranges = store.seen.map(({ range }) => range);
    expect(ranges.length).toBeGreaterThan(3);
    expect(ranges[0]).toBe(undefined);
    expect(ranges.slice(1).every((range) => /^bytes=[1-9]\d+-$/.test(range ?? ''))).toBe(true);
  });

  test('goes on after the program was ended, also from a mirror without a redirect', async () => {
    for (const direct of [false, true]) {
      const stop = new AbortController();
      const answers = direct ? hub : store;
      const serve = (upTo: number) => {
        answers.answer = (request, response) => giveFile(request, response, upTo, { etag: `"${sha256}"` });
      };
      serve(100_000);
      const file = join(folder, `${String(direct)}.pt`);
      const onProgress = (done: number) => done >= 100_000 && stop.abort();
      expect(codeOf(await fetchFile({ file, signal: stop.signal, onProgress }))).toBe('stopped');
      expect(existsSync(`${file}.part`)).toBe(true);
      serve(Infinity);
      answers.seen.length = 0;
      unwrap(await fetchFile({ file }));
      expect(readFileSync(file).equals(content)).toBe(true);
      expect(answers.seen.at(-1)?.range).toBe('bytes=100000-');
    }
  });

  test('does not go on with a part of another file', async () => {
    writeFileSync(join(folder, 'weights.pt.part'), 'something else');
    writeFileSync(join(folder, 'weights.pt.part.json'), JSON.stringify({ sha256: 'f'.repeat(64), bytes: content.length }));
    unwrap(await fetchFile());
    expect(store.seen.map(({ range }) => range)).toEqual([undefined]);
  });

  test('a store that ignores ranges, or goes on elsewhere', async () => {
    let calls = 0;
    store.answer = (request, response) => {
      calls++;
      if (calls === 1) giveFile(request, response, 90_000);
      else if (calls === 2)
        response
          .writeHead(206, { 'content-range': `bytes 5-${String(content.length - 1)}/${String(content.length)}` })
          .end(content.subarray(5));
      else {
        delete request.headers.range;
        giveFile(request, response);
      }
    };
    unwrap(await fetchFile());
    expect(readFileSync(join(folder, 'weights.pt')).equals(content)).toBe(true);
  });

  test('a slow host is waited for as long as bytes come; a silent one is not', async () => {
    const trickle = (n: number) => {
      store.answer = (request, response) => {
        const from = Number(/\d+/.exec(request.headers.range ?? '0')?.[0]);
        response.writeHead(
          from > 0 ? 206 : 200,
          from > 0 ? { 'content-range': `bytes ${String(from)}-${String(content.length - 1)}/${String(content.length)}` } : {},
        );
        response.flushHeaders();
        let at = from;
        const timer = setInterval(() => {
          if (at >= Math.min(n, content.length)) {
            clearInterval(timer);
            if (at >= content.length) response.end();
            return;
          }
          response.write(content.subarray(at, (at += 50_000)));
        }, 100);
        response.on('close', () => clearInterval(timer));
      };
    };
    trickle(Infinity);
    unwrap(await fetchFile({ patience: 300 }));
    trickle(50_000);
    const silent = await fetchFile({ patience: 300, file: join(folder, 'silent.pt') });
    expect(codeOf(silent)).toBe('download-broken');
    expect(sentenceOf(silent)).toMatch(/^The download from 127\.0\.0\.1:\d+ broke off: .+ Start it again: it goes on where it was\.$/);
  });
});

describe('what is refused', () => {
  test('a file that is not what was stated: deleted', async () => {
    hub.answer = (_, response) => response.writeHead(302, { ...linked('a'.repeat(64)), location: `${store.url}/blob` }).end();
    const result = await fetchFile();
    expect(sentenceOf(result)).toMatch(
      /^What came for weights\.pt is not what 127\.0\.0\.1:\d+ states \(SHA-256 [0-9a-f]{12}, expected aaaaaaaaaaaa\)\. It was deleted\./,
    );
    expect(left()).toEqual([]);
  });

  test('more bytes than were stated', async () => {
    store.answer = (_, response) => response.writeHead(200).end(Buffer.concat([content, content]));
    expect(codeOf(await fetchFile())).toBe('download-refused');
  });

  test('a hash that only the store states, or nobody', async () => {
    hub.answer = (_, response) => response.writeHead(302, { location: `${store.url}/blob` }).end();
    store.answer = (request, response) => giveFile(request, response, Infinity, { etag: `"${sha256}"` });
    expect(sentenceOf(await fetchFile())).toMatch(/the SHA-256 of the file is not stated/);
    hub.answer = giveFile;
    expect(codeOf(await fetchFile())).toBe('download-refused');
  });

  test.each([
    [404, /did not give the file: it has no such file \(status 404\)\./, 1],
    [403, /it forbids the access \(status 403\)/, 1],
    [500, /an error of its own \(status 500\)/, 4],
    [429, /it was asked too often \(status 429\)/, 4],
  ])('status %i', async (status, words, asked) => {
    hub.answer = (_, response) => response.writeHead(status).end('<html>no</html>');
    expect(sentenceOf(await fetchFile())).toMatch(words);
    expect(hub.seen.length).toBe(asked);
    hub.answer = (_, response) => response.writeHead(302, { ...linked(), location: `${store.url}/blob` }).end();
    store.answer = (_, response) => response.writeHead(status).end();
    expect(sentenceOf(await fetchFile())).toMatch(words);
    expect(left()).toEqual([]);
  });

  test('an error that passes is outlived', async () => {
    let calls = 0;
    store.answer = (request, response) => (++calls < 3 ? response.writeHead(503).end() : giveFile(request, response));
    expect(codeOf(await fetchFile())).toBe('ok');
  });

  test('redirects without end, and to a host without TLS', async () => {
    hub.answer = (_, response) => response.writeHead(302, { ...linked(), location: '/again' }).end();
    expect(sentenceOf(await fetchFile())).toMatch(/it redirects without end/);
    hub.answer = (_, response) => response.writeHead(302, { ...linked(), location: 'http://storage.example/blob' }).end();
    expect(sentenceOf(await fetchFile())).toBe(
      'http://storage.example was not asked, since the connection would not be encrypted. Use an https address.',
    );
    expect(codeOf(await fetchFile({ url: 'file:///etc/passwd' }))).toBe('download-unsafe');
  });

  test('nobody there: what to do without a network', async () => {
    await hub.close();
    const result = await fetchFile();
    expect(sentenceOf(result)).toMatch(
      /^127\.0\.0\.1:\d+ could not be reached: ECONNREFUSED\. Check the connection and the proxy, or fetch the file on another machine and choose it here\.$/,
    );
  });

  test('a place that cannot be written', async () => {
    writeFileSync(join(folder, 'a file'), '');
    expect(['folder-not-writable', 'write-failed']).toContain(codeOf(await fetchFile({ file: join(folder, 'a file', 'weights.pt') })));
  });
});

describe('over TLS and through a proxy', () => {
  const tls = certificate();
  test.skipIf(!tls)('a host whose certificate is known; another is refused', async () => {
    const secure = await startHost(tls ?? undefined);
    secure.answer = (request, response) => giveFile(request, response, Infinity, { etag: sha256 });
    const url = `${secure.url}/weights.pt`;
    expect(codeOf(await fetchFile({ url, ...(tls ? { ca: tls.cert } : {}) }))).toBe('ok');
    const unknown = await fetchFile({ url });
    expect(codeOf(unknown)).toBe('download-offline');
    expect(sentenceOf(unknown)).toMatch(/SELF_SIGNED|UNABLE_TO_VERIFY/);
    await secure.close();
  });

  test.skipIf(!tls)('the proxy of the environment carries it, with its login', async () => {
    const secure = await startHost(tls ?? undefined);
    secure.answer = (request, response) => giveFile(request, response, Infinity, { etag: sha256 });
    const asked: string[] = [];
    const proxy = createServer().on('connect', (request, socket) => {
      asked.push(`${String(request.url)} ${String(request.headers['proxy-authorization'])}`);
      const [host, port] = (request.url ?? '').split(':');
      const onwards = connect(Number(port), host, () => {
        socket.write('HTTP/1.1 200 OK\r\n\r\n');
        onwards.pipe(socket);
        socket.pipe(onwards);
      });
      onwards.on('error', () => socket.destroy());
      socket.on('error', () => onwards.destroy());
    });
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    const at = `127.0.0.1:${String((proxy.address() as AddressInfo).port)}`;
    const environment = { HTTPS_PROXY: `http://me:secret@${at}` };
    expect(codeOf(await fetchFile({ url: `${secure.url}/weights.pt`, environment, ...(tls ? { ca: tls.cert } : {}) }))).toBe('ok');
    expect(asked).toEqual([`${secure.address} Basic ${Buffer.from('me:secret').toString('base64')}`]);
    await new Promise((resolve) => proxy.close(resolve));
    expect(asked.length).toBe(1);
    const gone = await fetchFile({ url: `${secure.url}/weights.pt`, environment });
    expect(codeOf(gone)).toBe('download-offline');
    await secure.close();
  });

  test('which proxy the environment names', () => {
    const url = new URL('https://huggingface.co/x');
    const hostOf = (environment: Record<string, string>) => proxyFor(url, environment)?.host ?? null;
    expect(hostOf({})).toBe(null);
    expect(hostOf({ HTTPS_PROXY: 'http://p:8080' })).toBe('p:8080');
    expect(hostOf({ https_proxy: 'p:8080' })).toBe('p:8080');
    expect(hostOf({ all_proxy: 'http://p:1' })).toBe('p:1');
    expect(hostOf({ HTTPS_PROXY: 'http://p:8080', NO_PROXY: 'x.org, .huggingface.co' })).toBe(null);
    expect(hostOf({ HTTPS_PROXY: 'http://p:8080', no_proxy: '*' })).toBe(null);
    expect(hostOf({ HTTPS_PROXY: 'http://p:8080', no_proxy: 'face.co' })).toBe('p:8080');
    expect(hostOf({ HTTPS_PROXY: 'socks5://p:1' })).toBe(null);
    expect(hostOf({ HTTPS_PROXY: 'http://[' })).toBe(null);
  });
});

test('the addresses of the published weights', () => {
  expect(weightsNames.map((name) => weightsOf(name).url)).toEqual(
    ['tiny', 'small', 'base'].map((size) => `https://huggingface.co/MapleF/eva_x/resolve/main/eva_x_${size}_patch16_merged520k_mim.pt`),
  );
  expect(weightsOf('eva-x-tiny', 'https://mirror.example/hf/').url).toMatch(/^https:\/\/mirror\.example\/hf\/MapleF\//);
});

/** A certificate for 127.0.0.1, made on the spot; null where openssl is missing. */
function certificate(): { key: string; cert: string } | null {
  const [key, cert] = [join(root, 'key.pem'), join(root, 'cert.pem')];
  try {
    execFileSync(
      'openssl',
      [
        'req',
        '-x509',
        '-newkey',
        'ec',
        '-pkeyopt',
        'ec_paramgen_curve:prime256v1',
        '-nodes',
        '-days',
        '2',
        '-subj',
        '/CN=127.0.0.1',
        '-addext',
        'subjectAltName=IP:127.0.0.1',
        '-keyout',
        key,
        '-out',
        cert,
      ],
      { stdio: 'ignore' },
    );
    return { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') };
  } catch {
    console.warn('skipped: TLS and proxy, openssl is missing');
    return null;
  }
}
