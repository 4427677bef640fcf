import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { addMissingOptional } from '../../../setup/lock.mjs';

interface Locked {
  readonly version?: string;
  readonly resolved?: string;
}

describe('addMissingOptional', () => {
  test('adds what is missing with the system read off its name, and nothing twice', () => {
    const packages = {
      '': { optionalDependencies: { 'left-out-on-purpose': '1.0.0' } },
      'node_modules/tool': {
        version: '2.0.0',
        dev: true,
        optionalDependencies: {
          '@tool/linux-arm-musleabihf': '2.0.0',
          '@tool/darwin-arm64': '2.0.0',
          '@tool/linux-x64-gnu': '2.0.0',
          any: '^1.0.0',
        },
      },
      'node_modules/@tool/linux-x64-gnu': { version: '2.0.0' },
    };
    expect(addMissingOptional(packages)).toEqual(['node_modules/@tool/linux-arm-musleabihf', 'node_modules/@tool/darwin-arm64']);
    expect(packages).toMatchObject({
      'node_modules/@tool/linux-arm-musleabihf': {
        version: '2.0.0',
        dev: true,
        optional: true,
        os: ['linux'],
        cpu: ['arm'],
        libc: ['musl'],
      },
      'node_modules/@tool/darwin-arm64': { version: '2.0.0', dev: true, optional: true, os: ['darwin'], cpu: ['arm64'] },
    });
    expect(addMissingOptional(packages)).toEqual([]);
  });

  test("the project's own lock file is complete and names no registry", () => {
    const path = resolve(import.meta.dirname, '../../../package-lock.json');
    const { packages } = JSON.parse(readFileSync(path, 'utf8')) as { packages: Record<string, Locked> };
    expect(addMissingOptional(packages)).toEqual([]);
    expect(Object.entries(packages).filter(([, entry]) => entry.resolved !== undefined)).toEqual([]);
  });
});
