import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import type { EncoderService } from '../../../../src/contract/jobs/encoder';
import type { ImageRecord } from '../../../../src/contract/model';
import { ulid } from 'ulid';
import { createEncoder, type Encoder } from '../../../../src/encoder/service';
import { Embedding } from '../../../../src/main/projects/embedding';
import { syntheticImaging } from '../../encoder/tiles';
import { LocalService } from './services';

const root = mkdtempSync(join(tmpdir(), 'collimate-'));
const encoders: Encoder[] = [];
afterAll(async () => {
  for (const encoder of encoders) await encoder.close();
  rmSync(root, { recursive: true });
});
let count = 0;

const imageOf = (i: number): ImageRecord => ({
  id: ulid(),
  root: 'r',
  path: `image ${String(i)}`,
  frame: null,
  bytes: 1,
  mtime: 1,
  sha256: null,
  width: null,
  height: null,
  patient: null,
  study: null,
  view: null,
});

/** The embedding of 120 images with the real encoder. `onImages` hears of each part that arrived. */
function start(onImages: (service: LocalService<EncoderService>) => void | Promise<void>) {
  const profile = join(root, String(++count));
  const service = new LocalService<EncoderService>((emit) => {
    const encoder = createEncoder({ profile, imaging: syntheticImaging().imaging }, emit);
    encoders.push(encoder);
    return encoder.handlers;
  });
  const images = Array.from({ length: 120 }, (_, i) => imageOf(i));
  let settled = () => {};
  const end = new Promise<void>((resolve) => (settled = resolve));
  const embedding: Embedding = new Embedding({
    source: {
      encoder: 'builtin',
      profile,
      project: ulid(),
      frames: 'all',
      images: () => images,
      file: ({ path, frame }) => ({ file: `/x/${path}`, frame }),
    },
    processes: { encoder: service } as never,
    log: {
      bug: (error: unknown) => {
        throw error;
      },
    } as never,
    record: async () => {
      await onImages(service);
    },
    onReady: () => undefined,
    onChange: () => {
      if (embedding.state === 'done' || embedding.state === 'failed') settled();
    },
  });
  embedding.run();
  return { embedding, end };
}

describe('embedding in the app', () => {
  test('after two ends of the process it goes on with two images at a time, and says so', async () => {
    let ends = 0;
    const { embedding, end } = start((service) => {
      if (ends++ < 2) service.end();
    });
    await end;
    expect([embedding.state, embedding.done, embedding.total]).toEqual(['done', 120, 120]);
    expect(embedding.opened).toMatchObject({ provider: 'cpu', batch: 2 });
    expect(embedding.opened?.reason).toMatch(/\. Its process ended unexpectedly 2 times and goes on with 2 images at a time\.$/);
    await embedding.close();
  });

  test('it is done when the last images are in the journal, however slow the disk', async () => {
    const { embedding, end } = start(() => new Promise((resolve) => setTimeout(resolve, 150)));
    await end;
    expect([embedding.state, embedding.done]).toEqual(['done', 120]);
    await embedding.close();
  });

  test('undisturbed it has nothing to say of that', async () => {
    const { embedding, end } = start(() => undefined);
    await end;
    expect([embedding.done, embedding.opened?.reason]).toEqual([120, 'This encoder is quick enough on the processor.']);
    await embedding.close();
  });
});
