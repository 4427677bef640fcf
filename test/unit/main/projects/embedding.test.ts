import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import type { EmbeddedItem, EncoderService } from '../../../../src/contract/jobs/encoder';
import type { ImageRecord } from '../../../../src/contract/model';
import { ulid } from 'ulid';
import { createEncoder, type Encoder } from '../../../../src/encoder/service';
import { Failures } from '../../../../src/supervise/failures';
import { Embedding } from '../../../../src/main/projects/embedding';
import { unwrap } from '../../../../src/contract/result';
import { EmbeddingStore } from '../../../../src/encoder/store/store';
import { factsOf, syntheticImaging } from '../../encoder/tiles';
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

interface Start {
  readonly profile?: string;
  readonly images?: ImageRecord[];
  readonly isDoubtful?: (image: ImageRecord) => boolean;
}

/** The embedding of 120 images with the real encoder. `onImages` hears of each part that arrived. */
function start(
  onImages: (service: LocalService<EncoderService>, items: readonly EmbeddedItem[]) => void | Promise<void>,
  {
    profile = join(root, String(++count)),
    images = Array.from({ length: 120 }, (_, i) => imageOf(i)),
    isDoubtful = () => false,
  }: Start = {},
) {
  const service = new LocalService<EncoderService>((emit) => {
    const encoder = createEncoder({ profile, imaging: syntheticImaging().imaging }, emit);
    encoders.push(encoder);
    return encoder.handlers;
  });
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
      isDoubtful,
    },
    processes: { encoder: service } as never,
    log: {
      bug: (error: unknown) => {
        throw error;
      },
    } as never,
    failures: new Failures(
      () => undefined,
      () => undefined,
    ),
    record: async (items) => {
      await onImages(service, items);
    },
    onReady: () => undefined,
    onChange: () => {
      if (embedding.state === 'done' || embedding.state === 'failed') settled();
    },
  });
  embedding.run();
  return { embedding, end, profile };
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

  test('images that may be other pictures than those that were embedded are read again, and those that are count', async () => {
    const first = start(() => undefined, { images: [] });
    await first.end;
    const encoder = first.embedding.opened?.card;
    await first.embedding.close();
    if (!encoder) throw new Error('no encoder was opened');
    // As it was before there was a display rule: all are embedded, and nothing says by which.
    const format = { encoder: encoder.id, d: encoder.outputs.embedding, type: 'float16' } as const;
    const store = unwrap(await EmbeddingStore.open(join(first.profile, 'embeddings', encoder.id), format));
    const paths = ['dark 1', 'dark 2', 'fine 3', 'fine 4'];
    const images = paths.map((path, i) => ({ ...imageOf(i), path, sha256: factsOf(path).sha256 }));
    for (const { sha256 } of images) store.append(sha256, new Float32Array(format.d), { batch: 8, provider: 'cpu', display: 0 });
    unwrap(await store.close());
    const read: string[] = [];
    const { embedding, end } = start((_, items) => void read.push(...items.map(({ key }) => key)), {
      profile: first.profile,
      images,
      isDoubtful: ({ path }) => path !== 'fine 4',
    });
    await end;
    expect(read).toEqual(images.slice(0, 3).map(({ id }) => id));
    expect([embedding.state, embedding.done, embedding.redrawn]).toEqual(['done', 4, 2]);
    await embedding.close();
    const after = unwrap(await EmbeddingStore.open(join(first.profile, 'embeddings', encoder.id), format));
    expect(images.map(({ sha256 }) => after.madeBy(sha256)?.display)).toEqual([1, 1, 0, 0]);
    await after.close();
  });

  test('undisturbed it has nothing to say of that', async () => {
    const { embedding, end } = start(() => undefined);
    await end;
    expect([embedding.done, embedding.opened?.reason]).toEqual([120, 'This encoder is quick enough on the processor.']);
    await embedding.close();
  });
});
