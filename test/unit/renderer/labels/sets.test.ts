import { describe, expect, it } from 'vitest';
import { proposalSet, setSentence } from '../../../../src/renderer/labels/sets';
import { makeProject } from '../made-up/project';

const { findings } = makeProject();
const at = (...values: readonly number[]) => new Map(findings.map(({ id }, i) => [id, values[i] ?? 0]));
const columnOf = (id: string) => findings.findIndex((finding) => finding.id === id);
const sets = { alpha: 0.1, least: [0.3, 0.2, 0.25], n: [60, 52, 71] };
const names = (set: ReturnType<typeof proposalSet>) => set?.findings.map(({ name }) => name) ?? null;

describe('a proposal set', () => {
  it('multi-class: holds the findings whose probability reaches their bound', () => {
    const set = proposalSet('multiclass', findings, columnOf, at(0.3, 0.5, 0.2), sets);
    expect(names(set)).toEqual(['Normal', 'Bacterial']);
    expect(set && setSentence('multiclass', set)).toBe('One of Normal, Bacterial (right in 90 % of cases, from 52 blind audits).');
  });
  it('multi-class: is none as soon as one finding has no bound', () => {
    expect(proposalSet('multiclass', findings, columnOf, at(0.3, 0.5, 0.2), { ...sets, least: [0.3, null, 0.25] })).toBeNull();
  });
  it('multi-label: holds the findings of which neither answer is ruled out', () => {
    const set = proposalSet('multilabel', findings, columnOf, at(0.5, 0.1, 0.9), sets);
    expect(names(set)).toEqual(['Normal']);
    expect(names(proposalSet('multilabel', findings, columnOf, at(0.5, 0.1, 0.9), { ...sets, least: [null, 0.2, 0.25] }))).toEqual([]);
    expect(proposalSet('multilabel', findings, columnOf, at(0.5, 0.1, 0.9), { ...sets, least: [null, null, null] })).toBeNull();
  });
  it('finds the bounds by the column of the head, whatever the order of the findings', () => {
    const reversed = (id: string) => 2 - columnOf(id);
    expect(names(proposalSet('multiclass', findings, reversed, at(0.27, 0.2, 0.26), sets))).toEqual(['Normal', 'Bacterial']);
  });
});
