import { describe, expect, test } from 'vitest';
import { isInstalled } from '../../../setup/install.mjs';

const wanted = {
  '': { version: '0.1.0' },
  'node_modules/react': { version: '19.3.1' },
  'node_modules/@binding/win32': { version: '1.0.0', optional: true },
};

describe('isInstalled', () => {
  test('is true when every package is there in its version, and an optional one for another system is not', () => {
    expect(isInstalled(wanted, { 'node_modules/react': { version: '19.3.1' } })).toBe(true);
  });

  test('is false for nothing, for a missing package, and for another version, also of an optional one', () => {
    expect(isInstalled(wanted, undefined)).toBe(false);
    expect(isInstalled(wanted, {})).toBe(false);
    expect(isInstalled(wanted, { 'node_modules/react': { version: '19.3.0' } })).toBe(false);
    const both = { 'node_modules/react': { version: '19.3.1' }, 'node_modules/@binding/win32': { version: '0.9.0' } };
    expect(isInstalled(wanted, both)).toBe(false);
  });
});
