import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bench, describe } from 'vitest';
import { unwrap } from '../../../src/contract/result';
import { EmbeddingStore } from '../../../src/encoder/store/store';

const ROWS = 10_000;
const format = { encoder: 'e'.repeat(64), d: 3856, type: 'float16' } as const;
const nameOf = (i: number) => i.toString(16).padStart(64, '0');

// Made before the benchmarks are declared: Vitest runs no hooks around them.
const folder = mkdtempSync(join(tmpdir(), 'collimate-store-'));
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
const made = unwrap(await EmbeddingStore.open(folder, format));
const values = Float32Array.from({ length: format.d }, (_, i) => Math.sin(i));
for (let i = 0; i < ROWS; i++) made.append(nameOf(i), values, { batch: 8, provider: 'cpu', display: 0 });
unwrap(await made.close());

/** The store of the built-in encoder, read in an order that is not the one it was written in. */
describe('10,000 embeddings of 3,856 values', () => {
  bench('open', async () => {
    unwrap(await unwrap(await EmbeddingStore.open(folder, format)).close());
  });
  bench('open and read all, shuffled', async () => {
    const store = unwrap(await EmbeddingStore.open(folder, format));
    const names = Array.from({ length: ROWS }, (_, i) => nameOf((i * 7919) % ROWS));
    for (let at = 0; at < ROWS; at += 4096) unwrap(await store.fetch(names.slice(at, at + 4096)));
    unwrap(await store.close());
  });
});
