import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { sentence } from '../../../../src/contract/catalogue';
import { unwrap } from '../../../../src/contract/result';
import { expectedShapes, type Layout } from '../../../../src/encoder/eva-x/layout';
import { plainNames } from '../../../../src/encoder/eva-x/names';

const layout: Layout = { width: 64, depth: 2, heads: 1, hidden: 170, kind: 'packed', norm: 'norm', grid: 14, head: null };
const own = [...expectedShapes(layout).keys()];
const complaint = (names: readonly string[]) => {
  const result = plainNames(names, 'x.pt');
  return result.ok ? 'none' : sentence(result.failure);
};

describe("EVA-X's names in a checkpoint", () => {
  test('are found below wrappers in any nesting, with a head beside or below them', () => {
    const wrapper = fc.constantFrom('model.', 'net.', 'encoder.', 'backbone.', 'module.', '_orig_mod.');
    const nesting = fc.array(wrapper, { maxLength: 5 });
    fc.assert(
      fc.property(nesting, nesting, (around, ofHead) => {
        const [prefix, headPrefix] = [around.join(''), ofHead.join('')];
        const file = [...own.map((name) => prefix + name), `${headPrefix}head.1.weight`];
        const names = unwrap(plainNames(file, 'x.pt'));
        expect([...names.keys()]).toEqual([...own, 'head.1.weight']);
        expect([...names.values()]).toEqual(file);
      }),
    );
  });

  test('what could be read two ways is refused, and why', () => {
    expect(complaint([...own.map((name) => `model.${name}`), ...own.map((name) => `encoder.${name}`)])).toContain(
      'it holds several encoders, under model., encoder.',
    );
    expect(complaint([...own, ...own.map((name) => `module.${name}`)])).toContain('under no prefix, module.');
    expect(complaint(own.map((name) => `student.${name}`))).toContain('its weights lie under student.');
    expect(complaint(own.map((name) => (name.startsWith('blocks.1') ? `net.${name}` : `model.${name}`)))).toContain(
      'net.blocks.1.norm1.weight does not lie under model. like the rest of its encoder',
    );
    expect(complaint([...own, 'head.weight', 'module.head.weight'])).toContain('head.weight and module.head.weight are the same weight');
  });
});
