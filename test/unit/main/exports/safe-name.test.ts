import { describe, expect, it, vi } from 'vitest';

// Only the function is wanted; Electron itself does not run here.
vi.mock('electron', () => ({ shell: {} }));
const { safeName } = await import('../../../../src/main/exports');

describe('names of exports', () => {
  it('keep letters and digits of any script, in at most 100 bytes and whole characters', () => {
    expect(safeName('  Pneumonia (2026)  ')).toBe('pneumonia-2026');
    expect(safeName('///')).toBe('project');
    const long = safeName('胸部'.repeat(60));
    expect(Buffer.byteLength(long)).toBeLessThanOrEqual(100);
    expect(long).toMatch(/^(胸部)+胸?$/);
  });
});
