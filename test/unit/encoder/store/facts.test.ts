import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { FactsLog } from '../../../../src/encoder/store/facts';
import { factsOf } from '../tiles';

const root = mkdtempSync(join(tmpdir(), 'collimate-'));
afterAll(() => rmSync(root, { recursive: true }));

test('a flipped byte anywhere costs the line, never its truth; read again it is there again', async () => {
  const names = ['a', 'b', 'c'];
  const log = await FactsLog.open(root);
  for (const name of names) log.add(name, factsOf(name));
  await log.flush();
  const file = join(root, 'facts.jsonl');
  const whole = readFileSync(file);
  const known = names.map((name) => log.get(name));
  for (let at = 0; at < whole.length; at++) {
    const damaged = Buffer.from(whole);
    damaged[at] = (damaged[at] ?? 0) ^ 0x01;
    writeFileSync(file, damaged);
    const opened = await FactsLog.open(root);
    const lost = names.filter((name) => opened.get(name) === undefined);
    names.forEach((name, i) => expect(lost.includes(name) ? known[i] : opened.get(name)).toEqual(known[i]));
    // Two where the line break between them is damaged.
    expect(opened.size).toBe(names.length - lost.length);
    expect(lost.length).toBeLessThanOrEqual(2);
    for (const name of lost) opened.add(name, factsOf(name));
    await opened.flush();
    const again = await FactsLog.open(root);
    expect(names.map((name) => again.get(name))).toEqual(known);
  }
});
