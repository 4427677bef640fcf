import { describe, expect, it } from 'vitest';
import { explain, sentence } from '../../../src/contract/catalogue';
import { commands, findingKeys } from '../../../src/contract/commands';
import { ErrorCode } from '../../../src/contract/errors';

describe('catalogue', () => {
  it.each(ErrorCode.options)('%s is a sentence that ends, and so is its next step', (code) => {
    const { what, next } = explain({ code, params: {} });
    expect(what).toMatch(/^[A-Z{].*\.$/);
    expect(next).toMatch(/^([A-Z].*\.)?$/);
  });

  it('fills in what it is given, and leaves a file name that looks like a placeholder alone', () => {
    expect(sentence({ code: 'file-missing', params: { file: '{next}.png' } })).toBe(
      '{next}.png is not there. Check its name and place, or scan the folder again.',
    );
  });
});

describe('commands', () => {
  it('have ids of their own, and no two share a key in one place', () => {
    expect(new Set(commands.map(({ id }) => id)).size).toBe(commands.length);
    const places = {
      everywhere: ['queue', 'grid', 'review'],
      project: ['queue', 'grid', 'review'],
      queue: ['queue', 'review'],
      grid: ['grid'],
      review: ['review'],
    };
    const taken = commands.flatMap(({ keys, where }) => keys.flatMap((key) => places[where].map((place) => `${place} ${key}`)));
    expect(taken.filter((key, index) => taken.indexOf(key) !== index)).toEqual([]);
  });

  it('leave the keys of findings free', () => {
    const taken = new Set(commands.flatMap(({ keys }) => keys.map((key) => key.toLowerCase())));
    expect(findingKeys.filter((key) => taken.has(key))).toEqual([]);
  });
});
