import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bundle } from '../unit/encoder/bundle';

const checkpoints = resolve(import.meta.dirname, '../reference/encoder/evax');
let folder = '';
beforeAll(async () => {
  folder = await bundle({ ids: join(import.meta.dirname, 'identity/ids.ts') });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function idsIn(program: string, env: Readonly<Record<string, string>>, direction = 'forwards'): unknown {
  const args = [join(folder, 'ids.js'), checkpoints, direction];
  return JSON.parse(execFileSync(program, args, { env: { ...process.env, ...env }, encoding: 'utf8' }));
}

describe('ids and hashes', () => {
  test('are the same in Electron and in Node, in every locale, and whatever order things were put together in', () => {
    const electron = process.env['ELECTRON_EXEC_PATH'] ?? '';
    const asNode = { ELECTRON_RUN_AS_NODE: '1' };
    const engine = (program: string, env = {}) =>
      execFileSync(program, ['-p', 'process.versions.v8'], { env: { ...process.env, ...env }, encoding: 'utf8' });
    // One engine compared with itself would show nothing.
    expect(engine(electron, asNode)).not.toBe(engine(process.execPath));
    const ids = idsIn(process.execPath, { LC_ALL: 'C', TZ: 'UTC' });
    expect(idsIn(electron, { ...asNode, LC_ALL: 'C', TZ: 'UTC' })).toEqual(ids);
    for (const [LC_ALL, TZ] of [
      ['tr_TR.UTF-8', 'Asia/Tokyo'],
      ['sv_SE.UTF-8', 'America/Los_Angeles'],
    ] as const) {
      expect(idsIn(process.execPath, { LC_ALL, TZ })).toEqual(ids);
      expect(idsIn(electron, { ...asNode, LC_ALL, TZ }, 'backwards')).toEqual(ids);
    }
  });
});
