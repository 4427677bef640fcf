import { describe, expect, it } from 'vitest';
import { NewFinding } from '../../../../src/contract/views';
import { findingKeys } from '../../../../src/contract/commands';
import { drafted, presets, problemOf } from '../../../../src/renderer/projects/findings';

describe('findings of a new project', () => {
  it.each(presets)('the list $id can be used as it is', ({ names }) => {
    const drafts = drafted(names);
    expect(problemOf(drafts)).toBeNull();
    for (const { name, hotkey, colour } of drafts) expect(NewFinding.safeParse({ name, hotkey, colour }).success).toBe(true);
  });
  it('a further one gets the first free key', () => {
    const [first, second] = drafted(['A', 'B']);
    if (!first || !second) throw new Error('two drafts');
    expect(drafted(['C'], [second]).at(-1)?.hotkey).toBe(first.hotkey);
    expect(drafted(Array.from({ length: findingKeys.length }, (_, i) => `F${String(i)}`)).every(({ hotkey }) => hotkey !== '')).toBe(true);
  });
  it('mistakes are named', () => {
    const [a, b] = drafted(['A', 'a']);
    if (!a || !b) throw new Error('two drafts');
    expect(problemOf([a, b])).toBe('a is there twice.');
    expect(problemOf([a, { ...b, name: ' ' }])).toBe('Every finding needs a name.');
    expect(problemOf([a, { ...b, name: 'B', hotkey: a.hotkey }])).toBe('The key 1 is given twice.');
    expect(problemOf([])).toBe('Add at least one finding.');
  });
});
