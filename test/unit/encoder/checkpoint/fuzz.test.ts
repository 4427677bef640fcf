import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { crc32, gunzipSync } from 'node:zlib';
import { afterAll, describe, expect, test } from 'vitest';
import { sentence } from '../../../../src/contract/catalogue';
import { openCheckpoint } from '../../../../src/encoder/checkpoint/checkpoint';
import { findLayout } from '../../../../src/encoder/eva-x/layout';

// COLLIMATE_FUZZ=20000 npx vitest run --project unit test/unit/encoder/checkpoint/fuzz.test.ts for the long run.
const MUTANTS = Number(process.env['COLLIMATE_FUZZ'] ?? 400);
const SLOWEST_MILLISECONDS = 5000;
/** Beyond the file itself: buffers of one tensor, the heap of one pickle, and what the collector has not got round to. */
const MEMORY = 256 * 2 ** 20;

const reference = resolve(import.meta.dirname, '../../../reference/encoder');
const root = mkdtempSync(join(tmpdir(), 'collimate-'));
afterAll(() => rmSync(root, { recursive: true }));

const small = readdirSync(join(reference, 'checkpoints'))
  .filter((name) => name.endsWith('.pt'))
  .map((name) => ({ name, bytes: readFileSync(join(reference, 'checkpoints', name)) }));
const whole = ['zip-bfloat16.pt', 'legacy-bfloat16.pt', 'legacy-views.pt', 'bfloat16.safetensors', 'head-14.pth'].map((name) => ({
  name,
  bytes: gunzipSync(readFileSync(join(reference, 'evax', `${name}.gz`))),
}));

/** Marsaglia's xorshift32: seeded, and quick enough for millions of draws. */
class Random {
  private state: number;
  constructor(seed: number) {
    this.state = seed * 2654435761 + 1;
  }
  below(n: number): number {
    this.state ^= this.state << 13;
    this.state ^= this.state >>> 17;
    this.state ^= this.state << 5;
    return (this.state >>> 0) % n;
  }
}

const EDGES = [0, 1, 0x7f, 0x80, 0xff, 0x28, 0x2e, 0x50, 0x52, 0x62, 0x74, 0x7d, 0x85, 0x8a, 0x95];
const WIDE = [0, 1, 0x7fffffff, 0x80000000, 0xffffffff, 0x10000000];

/** One to a few changes of a kind that break readers: bytes, lengths, cuts, repeats, moved pieces. */
function mutate(original: Uint8Array, random: Random, from: number, to: number): Buffer {
  let bytes = Buffer.from(original);
  for (let changes = 1 + random.below(4); changes > 0; changes--) {
    const at = from + random.below(Math.max(1, Math.min(to, bytes.length) - from));
    switch (random.below(7)) {
      case 0:
        bytes[at] = random.below(256);
        break;
      case 1:
        bytes[at] = EDGES[random.below(EDGES.length)] ?? 0;
        break;
      case 2:
        bytes[at] = (bytes[at] ?? 0) ^ (1 << random.below(8));
        break;
      case 3:
        if (at + 4 <= bytes.length) bytes.writeUInt32LE(WIDE[random.below(WIDE.length)] ?? 0, at);
        break;
      case 4:
        bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(Math.min(bytes.length, at + 1 + random.below(16)))]);
        break;
      case 5: {
        const piece = bytes.subarray(at, at + 1 + random.below(64));
        bytes = Buffer.concat([bytes.subarray(0, at), ...Array.from({ length: 1 + random.below(4) }, () => piece), bytes.subarray(at)]);
        break;
      }
      default:
        if (random.below(4) === 0) bytes = bytes.subarray(0, at);
        else bytes.copy(bytes, at, from, from + random.below(32));
    }
  }
  return bytes;
}

/** Where the pickle or header of a file lies: nearly all that can be got wrong is there. */
function interesting(bytes: Buffer): [number, number] {
  if (bytes[0] === 0x50) {
    const start =
      bytes.indexOf(Buffer.from([0x80, 0x02])) >= 0 ? bytes.indexOf(Buffer.from([0x80, 0x02])) : bytes.indexOf(Buffer.from([0x80, 0x04]));
    const end = bytes.indexOf('PK\u0003\u0004', start);
    return [Math.max(0, start), end < 0 ? bytes.length : end];
  }
  if (bytes[0] === 0x80) return [0, Math.min(bytes.length, 6000)];
  return [0, Math.min(bytes.length, 8 + Number(bytes.readBigUInt64LE(0)))];
}

/** Puts the right checksum on the (same-sized) pickle of an archive, or every mutant would end at the checksum. */
function mend(original: Buffer, mutant: Buffer, [from, to]: [number, number]): Buffer {
  if (original[0] !== 0x50 || mutant.length !== original.length) return mutant;
  // PyTorch pads behind the pickle; its checksum is that of the bytes up to STOP.
  for (let end = to; end > from; end--) {
    if (original[end - 1] !== 0x2e) continue;
    const old = Buffer.alloc(4);
    old.writeUInt32LE(crc32(original.subarray(from, end)));
    if (!original.includes(old)) continue;
    const now = Buffer.alloc(4);
    now.writeUInt32LE(crc32(mutant.subarray(from, end)));
    for (let i = mutant.indexOf(old); i >= 0; i = mutant.indexOf(old, i + 4)) now.copy(mutant, i);
    break;
  }
  return mutant;
}

async function read(path: string): Promise<string> {
  const opened = await openCheckpoint(path);
  if (!opened.ok) return sentence(opened.failure);
  const checkpoint = opened.value;
  try {
    const layout = findLayout(checkpoint.weights, checkpoint.file);
    for (const name of checkpoint.weights.keys()) {
      const numbers = await checkpoint.read(name);
      if (!numbers.ok) return sentence(numbers.failure);
    }
    return layout.ok ? 'read' : sentence(layout.failure);
  } finally {
    await checkpoint.close();
  }
}

describe('mutated checkpoints', () => {
  test(
    `${String(MUTANTS)} of them: no crash, no hang, bounded memory, always a sentence`,
    async () => {
      const path = join(root, 'mutant.pt');
      const tally = new Map<string, number>();
      globalThis.gc?.();
      const before = process.memoryUsage().rss;
      let [slowest, most] = [0, 0];
      for (let i = 0; i < MUTANTS; i++) {
        const random = new Random(i + 1);
        // Small files are cheap; the whole ones reach the audit and the reading of numbers.
        const { bytes } = (i % 8 === 0 ? whole[random.below(whole.length)] : small[random.below(small.length)]) ?? {
          bytes: Buffer.alloc(0),
        };
        const place: [number, number] = random.below(3) === 0 ? [0, bytes.length] : interesting(bytes);
        const mutant = mend(bytes, mutate(bytes, random, ...place), place);
        writeFileSync(path, mutant);
        const started = performance.now();
        const outcome = await read(path);
        slowest = Math.max(slowest, performance.now() - started);
        most = Math.max(most, process.memoryUsage().rss - before - mutant.length);
        if (outcome !== 'read' && !/^\S.{20,}\.$/s.test(outcome)) throw new Error(`mutant ${String(i)}: ${outcome}`);
        const kind = outcome.replace(/^\S+ /, '').split(/[:.,]/, 1)[0] ?? '';
        tally.set(kind, (tally.get(kind) ?? 0) + 1);
      }
      const lines = [...tally].sort((a, b) => b[1] - a[1]).map(([kind, n]) => `${String(n).padStart(7)}  ${kind}`);
      if (MUTANTS > 1000) console.log(`slowest ${slowest.toFixed(0)} ms, memory ${(most / 2 ** 20).toFixed(0)} MiB\n${lines.join('\n')}`);
      expect(slowest).toBeLessThan(SLOWEST_MILLISECONDS);
      expect(most).toBeLessThan(MEMORY);
      // The mutants do get past the first check.
      expect((tally.get('read') ?? 0) + (tally.get('holds no EVA-X encoder') ?? 0)).toBeGreaterThan(MUTANTS / 50);
    },
    60_000 + MUTANTS * 40,
  );
});
