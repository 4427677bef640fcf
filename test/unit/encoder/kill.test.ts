import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { unwrap } from '../../../src/contract/result';
import { storedAs } from '../../../src/encoder/card';
import { convertCheckpoint } from '../../../src/encoder/eva-x/convert';
import { openEncoderFolder, type EncoderFolder } from '../../../src/encoder/folder';
import { ensureBuiltin } from '../../../src/encoder/scattering/builtin';
import { EmbeddingStore } from '../../../src/encoder/store/store';
import { shared } from './arrays';
import { bundle } from './bundle';

// COLLIMATE_KILLS=100 npx vitest run --project unit test/unit/encoder/kill.test.ts for the long run.
const KILLS = Number(process.env['COLLIMATE_KILLS'] ?? 10);
const COUNT = 240;
const images = join(shared, 'data/cxr/kermany224');
const hasImages = existsSync(images);
if (!hasImages) console.warn(`skipped: ${images} is missing`);

const root = mkdtempSync(join(tmpdir(), 'collimate-'));
let bundled = '';
let count = 0;
let evaX: EncoderFolder;
beforeAll(async () => {
  if (!hasImages) return;
  bundled = await bundle({
    child: resolve(import.meta.dirname, 'embed-child.ts'),
    worker: resolve(import.meta.dirname, '../../../src/imaging/pool/worker.ts'),
  });
  const checkpoint = join(root, 'zip.pt');
  writeFileSync(checkpoint, gunzipSync(readFileSync(resolve(import.meta.dirname, '../../reference/encoder/evax/zip.pt.gz'))));
  const place = () => join(root, 'eva-x');
  evaX = unwrap(await convertCheckpoint({ checkpoint, precision: 'fp32', place, overwrite: false }));
}, 60_000);
afterAll(() => {
  rmSync(root, { recursive: true });
  if (bundled !== '') rmSync(bundled, { recursive: true });
});

/** When the child is killed: so many milliseconds after it began, after the encoder was open, or after the first rows were on disk. */
interface Kill {
  readonly after: number;
  readonly since: 'start' | 'open' | 'rows';
}
const signs = { start: '', open: 'open', rows: '.' };

/** Runs the child. True: it came to its end. */
async function embed(profile: string, folder: string, kill?: Kill): Promise<boolean> {
  const child = spawn(process.execPath, [join(bundled, 'child.js'), profile, folder, images, String(COUNT)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  const shown = new Promise<void>((ready) => {
    const look = () => text.includes(signs[kill?.since ?? 'start']) && ready();
    child.stdout.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      look();
    });
    look();
  });
  const ended = new Promise<void>((done) => void child.on('close', () => done()));
  if (kill) {
    await Promise.race([shown, ended]);
    await Promise.race([sleep(kill.after), ended]);
    child.kill('SIGKILL');
  }
  await ended;
  return text.includes(`done ${String(COUNT)}`);
}

/** The vectors of a store in the order of the images, as one hash, and how many it holds. */
async function contents(profile: string, { card }: EncoderFolder) {
  const folder = join(profile, 'embeddings', card.id);
  const names = readdirSync(images)
    .sort()
    .slice(0, COUNT)
    .map((name) =>
      createHash('sha256')
        .update(readFileSync(join(images, name)))
        .digest('hex'),
    );
  const store = unwrap(await EmbeddingStore.open(folder, { encoder: card.id, d: card.outputs.embedding, type: storedAs(card) }));
  const rows = unwrap(await store.fetch(names));
  const { size } = store;
  unwrap(await store.close());
  return { hash: createHash('sha256').update(new Uint8Array(rows.buffer)).digest('hex'), size };
}

describe.skipIf(!hasImages)('the embedding process', () => {
  test(
    `killed ${String(KILLS)} times anywhere, it ends with the bytes of an undisturbed run`,
    async () => {
      const builtin = unwrap(await ensureBuiltin(join(root, 'encoders')));
      const encoders = [evaX, unwrap(await openEncoderFolder(builtin.folder))];
      const undisturbed = new Map<EncoderFolder, Awaited<ReturnType<typeof contents>>>();
      for (const encoder of encoders) {
        const profile = join(root, String(++count));
        expect(await embed(profile, encoder.folder)).toBe(true);
        undisturbed.set(encoder, await contents(profile, encoder));
      }
      let state = 7;
      const random = (n: number) => {
        state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
        return Math.floor((state / 2 ** 32) * n);
      };
      const draw = (): Kill => {
        const kind = random(8);
        return kind === 0
          ? { since: 'start', after: random(600) }
          : { since: kind < 3 ? 'open' : 'rows', after: random(kind < 3 ? 600 : 1500) };
      };
      let [kills, rounds] = [0, 0];
      while (kills < KILLS) {
        const encoder = encoders[rounds++ % 2] ?? evaX;
        const profile = join(root, String(++count));
        // Until the work is done: mostly while rows are written, now and then while the process starts.
        while (kills < KILLS && !(await embed(profile, encoder.folder, draw()))) kills++;
        expect(await embed(profile, encoder.folder)).toBe(true);
        const [found, expected] = [await contents(profile, encoder), undisturbed.get(encoder)];
        expect(found.hash).toBe(expected?.hash);
        expect(found.size).toBe(expected?.size);
      }
      console.log(`${String(kills)} kills in ${String(rounds)} rounds`);
    },
    60_000 + KILLS * 8000,
  );
});
