import { expect, it, describe } from 'vitest';
import fc from 'fast-check';
import { askedBlind, isReserved, isReservedKey, reserveKey, uniformOf, useOf } from '../../../src/contract/reserve';

const image = (sha256: string | null, patient: string | null, stated?: string) => ({
  sha256,
  patient,
  study: null,
  view: null,
  ...(stated === undefined ? {} : { stated: { patient: stated, study: null, view: null } }),
});
const project = (share: number, seed = 0, opened?: string) => ({ seed, audit: { share, from: 30, ...(opened ? { opened } : {}) } });

const sha256 = fc.nat().map((n) => n.toString(16).padStart(64, '0'));

describe('the reserve of the audit', () => {
  it('takes the share that was asked for, of patients and of files, whatever the seed', () => {
    for (const seed of [0, 1, 2 ** 40 + 7]) {
      for (const key of [(i: number) => reserveKey('', `p${String(i)}`), (i: number) => reserveKey(String(i).padStart(64, '0'), null)]) {
        const n = 20_000;
        const taken = Array.from({ length: n }, (_, i) => isReservedKey(key(i), seed, 0.15)).filter(Boolean).length;
        // Five standard errors.
        expect(Math.abs(taken - 0.15 * n)).toBeLessThan(5 * Math.sqrt(n * 0.15 * 0.85));
      }
    }
  });

  it('is uniform and the same on every machine', () => {
    const bins = new Float64Array(20);
    for (let i = 0; i < 40_000; i++) {
      const bin = Math.floor(20 * uniformOf(3, `file ${String(i)}`));
      bins[bin] = (bins[bin] ?? 0) + 1;
    }
    const chi = bins.reduce((sum, count) => sum + (count - 2000) ** 2 / 2000, 0);
    // 99.99 % of chi squared with 19 degrees of freedom.
    expect(chi).toBeLessThan(50);
    expect([uniformOf(0, ''), uniformOf(7, 'patient Ä'), uniformOf(2 ** 33, 'file 0')]).toMatchInlineSnapshot(`
      [
        0.2833841275668708,
        0.7379373447179588,
        0.9912414533846405,
      ]
    `);
  });

  it('keeps the images of a patient together and is only widened by a larger share', () => {
    fc.assert(
      fc.property(fc.string(), sha256, sha256, fc.nat(), fc.double({ min: 0, max: 1, noNaN: true }), (patient, a, b, seed, share) => {
        expect(isReserved(image(a, patient), project(share, seed))).toBe(isReserved(image(b, null, patient), project(share, seed)));
        const [before, after] = [share, Math.min(1, share + 0.1)].map((each) => isReserved(image(a, null), project(each, seed)));
        expect(before === true && after === false).toBe(false);
      }),
    );
  });

  it('holds nothing that was not read, and nothing once it is opened', () => {
    expect(isReserved(image(null, 'p'), project(1))).toBe(false);
    expect(isReserved(image('0'.repeat(64), 'p'), project(1))).toBe(true);
    expect(isReserved(image('0'.repeat(64), 'p'), project(1, 0, '2026-11-30T00:00:00.000Z'))).toBe(false);
  });

  it('what was once kept out of training stays out, and one blind answer makes an audit', () => {
    const cells = new Map([
      ['a', { use: 'train' as const }],
      ['b', { use: 'audit' as const, blind: true }],
    ]);
    expect(useOf(cells, false)).toBe('audit');
    expect(useOf(undefined, true)).toBe('audit');
    expect(useOf(undefined, false)).toBe('train');
    expect(askedBlind(cells)).toBe(true);
    expect(askedBlind(new Map([['a', {}]]))).toBe(false);
  });
});
