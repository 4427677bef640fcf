import { EventEmitter } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { getPriority, setPriority, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { encoderService, type EmbeddedItem, type EncoderService } from '../../../src/contract/jobs/encoder';
import { imagingService } from '../../../src/contract/jobs/imaging';
import { fromMessagePort, type MessagePortLike } from '../../../src/contract/ports';
import { fail, unwrap } from '../../../src/contract/result';
import { connect, serve, type Client } from '../../../src/contract/wire';
import { syntheticImaging } from './tiles';

/** Two ends of a channel that copies its messages, like Electron's. */
function channel(): [MessagePortLike & { close: () => void }, MessagePortLike & { close: () => void }] {
  const ends = [new EventEmitter(), new EventEmitter()] as const;
  const end = (own: EventEmitter, other: EventEmitter) => ({
    postMessage: (message: unknown) => {
      const data: unknown = structuredClone(message);
      setImmediate(() => other.emit('message', { data }));
    },
    on: (event: 'message' | 'close', listener: (value: { data: unknown }) => void) => own.on(event, listener),
    start: () => undefined,
    close: () => other.emit('close'),
  });
  return [end(ends[0], ends[1]), end(ends[1], ends[0])];
}

const profile = mkdtempSync(join(tmpdir(), 'collimate-'));
const parentPort = new EventEmitter();
const give = (name: string, port: MessagePortLike) => parentPort.emit('message', { data: { connect: name }, ports: [port] });
const priority = getPriority();
let client: Client<EncoderService>;

beforeAll(async () => {
  Object.assign(process, { parentPort });
  process.env['COLLIMATE_PROFILE'] = profile;
  await import('../../../src/encoder/process');
  const [ours, theirs] = channel();
  give('main', theirs);
  client = connect(encoderService, fromMessagePort(ours));
});
afterAll(() => {
  // Lowered by the process; not everybody may raise it again.
  try {
    setPriority(priority);
  } catch {
    // The test process ends soon.
  }
  rmSync(profile, { recursive: true });
});

const items = (n: number) => Array.from({ length: n }, (_, i) => ({ key: String(i), source: { file: `/x/${String(i)}`, frame: null } }));

describe('the encoder process', () => {
  test('embeds over its ports, waits for imaging, and goes on when imaging was started again', async () => {
    const { card } = unwrap(await client.call('open', { folder: 'builtin', provider: 'auto', threads: 1 }));
    expect(card.outputs.embedding).toBe(3856);
    const seen: EmbeddedItem[] = [];
    client.on('embedded', ({ items: done }) => seen.push(...done));
    const job = client.call('embed', { items: items(60) });

    // An imaging process that ends after 20 images, with calls under way.
    const first = channel();
    let answered = 0;
    const { imaging } = syntheticImaging();
    const refused = () => Promise.resolve(fail('refused'));
    const rest = { identify: refused, pixels: refused, frames: refused, hash: refused, header: refused, sample: refused };
    serve(imagingService, fromMessagePort(first[1]), {
      ...rest,
      read: async (params, context) => {
        if (++answered > 20) {
          if (answered === 21) first[1].close();
          return new Promise(() => undefined);
        }
        return imaging.read(params, context);
      },
    });
    give('imaging', first[0]);
    await vi.waitFor(() => expect(answered).toBeGreaterThan(20));
    const second = channel();
    serve(imagingService, fromMessagePort(second[1]), { ...rest, read: imaging.read });
    give('imaging', second[0]);

    expect(unwrap(await job)).toEqual({ done: 60, failed: 0 });
    expect(seen.map(({ key }) => key)).toEqual(items(60).map(({ key }) => key));
  });

  test('a wrong call is answered, and the process lives', async () => {
    const wrong = await client.call('fetch', { names: ['no such name'] });
    expect(wrong.ok ? null : wrong.failure.code).toBe('embedding-missing');
    expect(unwrap(await client.call('missing', { names: [] }))).toEqual([]);
  });
});
