import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { SuspectLabel } from '../../../../src/contract/views';
import { isNewEvidence, standingOf, why } from '../../../../src/renderer/review/evidence';
import { id, makeProject } from '../made-up/project';

const [normal, bacterial, viral] = [id(1, 'F'), id(2, 'F'), id(3, 'F')];
const suspect = (probability: number, other = bacterial): SuspectLabel => ({
  image: id(1, 'G'),
  finding: normal,
  state: 'present',
  probability,
  other: { finding: other, state: 'present', probability: 1 - probability, usual: 0.7 },
  score: 0.1,
});
const cell = { state: 'present', source: 'typed', pending: false, use: 'train', blind: false } as const;

describe('a label that was kept', () => {
  it('comes back when another class claims it, or the odds against it have tripled', () => {
    const kept = { probability: 0.3, other: bacterial };
    expect(isNewEvidence(kept, suspect(0.3))).toBe(false);
    expect(isNewEvidence(kept, suspect(0.13))).toBe(false);
    expect(isNewEvidence(kept, suspect(0.12))).toBe(true);
    expect(isNewEvidence(kept, suspect(0.3, viral))).toBe(true);
  });

  it('never comes back for weaker or equal evidence, nor for differences below one percent', () => {
    const p = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(p, p, (a, b) => {
        const [lower, higher] = a < b ? [a, b] : [b, a];
        expect(isNewEvidence({ probability: lower, other: bacterial }, suspect(higher))).toBe(false);
      }),
    );
    expect(isNewEvidence({ probability: 0.009, other: bacterial }, suspect(1e-9))).toBe(false);
  });

  it('stands, until the label itself is another one', () => {
    const kept = { time: '2026-11-22T10:00:00.000Z', probability: 0.2, other: bacterial };
    expect(standingOf(suspect(0.2), { ...cell, kept: null })).toBe('open');
    expect(standingOf(suspect(0.2), { ...cell, kept })).toBe('kept');
    expect(standingOf(suspect(0.02), { ...cell, kept })).toBe('open');
    expect(standingOf(suspect(0.2), { ...cell, state: 'absent', kept: null })).toBe('changed');
  });
});

it('says what the head says, what is usual, and what was said before', () => {
  const { findings } = makeProject();
  const sentences = why('multiclass', findings, suspect(0.06), { time: '', probability: 0.3, other: bacterial }).join(' ');
  expect(sentences).toContain('gives Bacterial 94 %, the label 6 %');
  expect(sentences).toContain('Images labelled Bacterial get 70 % for it on average');
  expect(sentences).toContain('You kept this label when the head gave it 30 %');
});
