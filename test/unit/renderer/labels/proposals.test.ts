import { describe, expect, it } from 'vitest';
import { Signal } from '../../../../src/renderer/app/signal';
import { Proposals } from '../../../../src/renderer/labels/proposals';
import { FakeBridge } from '../fake-bridge';
import { id } from '../made-up/project';

describe('proposals', () => {
  const bridge = new FakeBridge({ images: 5, headFrom: 0 });
  const pool = (n: number, images = [3, 1, 2]) => ({ project: bridge.project.id, pool: n, images: images.map((i) => id(i, 'G')) });
  const round = (n: number) => ({
    ...bridge.round(),
    pool: n,
    probabilities: Float32Array.from([0.1, 0.2, 0.7, 0.3, 0.3, 0.4, 0.6, 0.3, 0.1]),
  });

  it('belong to the images of their own pool', () => {
    const proposals = new Proposals(new Signal(bridge.project), () => false);
    proposals.receivePool(pool(1));
    proposals.receiveRound(round(1));
    expect([...(proposals.of(id(1, 'G')) ?? [])].map(([, p]) => Number(p.toFixed(3)))).toEqual([0.3, 0.3, 0.4]);
    expect(proposals.of(id(5, 'G'))).toBeNull();
  });

  it('of a pool that has not arrived wait for it', () => {
    const proposals = new Proposals(new Signal(bridge.project), () => false);
    proposals.receivePool(pool(1));
    proposals.receiveRound(round(2));
    expect(proposals.round.get()).toBeNull();
    proposals.receivePool(pool(2, [1, 2, 3]));
    expect([...(proposals.of(id(1, 'G')) ?? [])].map(([, p]) => Number(p.toFixed(3)))).toEqual([0.1, 0.2, 0.7]);
  });

  it('keep their place when a finding is renamed, and leave out one that the head does not know', () => {
    const project = new Signal(bridge.project);
    const proposals = new Proposals(project, () => false);
    const [first, ...rest] = bridge.project.findings;
    if (!first) throw new Error('a finding');
    project.set({ ...bridge.project, findings: [{ ...first, name: 'Unremarkable' }, ...rest] });
    proposals.receivePool(pool(1));
    proposals.receiveRound(round(1));
    expect(proposals.of(id(3, 'G'))?.get(first.id)).toBeCloseTo(0.1);
    project.set({ ...bridge.project, findings: [...bridge.project.findings, { ...first, id: id(9, 'F'), name: 'Fungal' }] });
    proposals.receiveRound(round(1));
    expect(proposals.of(id(3, 'G'))?.has(id(9, 'F'))).toBe(false);
    expect(proposals.of(id(3, 'G'))?.size).toBe(3);
  });

  it('leave out a finding whose labels are all of one side: the constant that a head gives it says nothing', () => {
    const proposals = new Proposals(new Signal(bridge.project), () => false);
    const { head, ...more } = round(1);
    if (!head) throw new Error('a head');
    proposals.receivePool(pool(1));
    proposals.receiveRound({
      ...more,
      head: { ...head, calibration: { ...head.calibration, perFinding: ['platt', 'prior', 'temperature'] } },
    });
    expect(bridge.project.findings.map((finding) => proposals.of(id(1, 'G'))?.has(finding.id))).toEqual([true, false, true]);
    expect(bridge.project.findings.map((finding) => proposals.knows(finding.id))).toEqual([true, false, true]);
  });
});
