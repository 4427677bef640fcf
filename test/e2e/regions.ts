import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { decodeHalves } from '../../src/contract/float16';
import { collimate } from './command-line';

/** The feature of the tokens that the truth hangs on. */
const FEATURE = 5;

/**
 * A finding that shows in one region of an image and not in the mean over all: of two images alike in the mean of a feature of the tokens, it is
 * present in the one whose strongest token is stronger. Answers `count` images, those that are easiest to tell; half of them are present.
 */
export async function regionFinding(work: string, images: string, checkpoint: string, count: number): Promise<Map<string, boolean>> {
  const at = (name: string) => join(work, name);
  await collimate('convert', checkpoint, '--out', at('encoder'));
  const files = ['--out', at('embeddings.npy'), '--index', at('embeddings.csv'), '--tokens', at('tokens.npy')];
  await collimate('embed', images, '--encoder', at('encoder'), ...files);
  const rows = parse<Record<string, string>>(readFileSync(at('embeddings.csv')), { columns: true });
  const npy = readFileSync(at('tokens.npy'));
  const shape = /\((\d+), (\d+), (\d+)\)/.exec(npy.toString('latin1', 10, 200)) ?? [];
  const [regions = 0, width = 0] = shape.slice(2).map(Number);
  const start = 10 + npy.readUInt16LE(8);
  const tokens = new Float32Array((npy.length - start) / 2);
  decodeHalves(
    Uint16Array.from(tokens, (_, i) => npy.readUInt16LE(start + 2 * i)),
    tokens,
  );
  const facts = rows.map(({ path = '' }, row) => {
    const values = Array.from({ length: regions }, (_, t) => tokens[(row * regions + t) * width + FEATURE] ?? NaN);
    return { path, most: Math.max(...values), mean: values.reduce((a, b) => a + b, 0) / regions };
  });
  facts.sort((a, b) => a.mean - b.mean);
  const pairs = Array.from({ length: Math.floor(facts.length / 2) }, (_, i) => {
    const [one, other] = facts.slice(2 * i, 2 * i + 2).sort((a, b) => b.most - a.most);
    return { present: one?.path ?? '', absent: other?.path ?? '', gap: (one?.most ?? 0) - (other?.most ?? 0) };
  });
  pairs.sort((a, b) => b.gap - a.gap);
  return new Map(pairs.slice(0, count / 2).flatMap(({ present, absent }) => [[present, true] as const, [absent, false] as const]));
}
