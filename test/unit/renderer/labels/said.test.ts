import { describe, expect, it } from 'vitest';
import { Signal } from '../../../../src/renderer/app/signal';
import { Proposals } from '../../../../src/renderer/labels/proposals';
import { isFitted, whoSays } from '../../../../src/renderer/labels/said';
import { FakeBridge } from '../fake-bridge';
import { id, makeProject } from '../made-up/project';

function shown(labels: number, ready?: readonly string[]) {
  const project = makeProject('multilabel', ['Mass', 'Edema', 'Fracture']);
  const bridge = new FakeBridge({ project, images: 5, headFrom: 2, ...(ready ? { ready } : {}) });
  for (let i = 0; i < labels; i++) {
    const after = { state: 'present', source: 'typed', use: 'train', shown: null, head: null, time: '2026-11-22T10:00:00.000Z' };
    bridge.append({ kind: 'cells', cells: [{ image: id(i + 1, 'G'), finding: id(1, 'F'), before: null, after }] });
  }
  const proposals = new Proposals(new Signal(project), () => false);
  proposals.receivePool({ project: project.id, pool: 1, images: [...bridge.state.images.keys()] });
  const round = bridge.round();
  proposals.receiveRound(round);
  return { proposals, round, text: whoSays(round, project.findings, proposals.fromFile), findings: project.findings };
}

describe('who proposes', () => {
  it('the head that was fitted here', () => {
    const { text, round, proposals } = shown(3);
    expect(isFitted(round)).toBe(true);
    expect(text).toBe('Probabilities of the model fitted on 3 labelled images, not enough labels yet to say how often they come true.');
    expect(proposals.fromFile(id(1, 'F'))).toBe(null);
  });

  it('audit draws are labelled images, but not what the head was fitted on', () => {
    const { round, proposals, findings } = shown(3);
    const head = round.head && { ...round.head, labels: { ...round.head.labels, count: 2 } };
    expect(whoSays({ ...round, head }, findings, proposals.fromFile)).toContain('fitted on 2 labelled images');
  });

  it('the head of the file, before any label: said to be unchecked, and silent where it knows nothing', () => {
    const { text, round, proposals } = shown(0, ['Mass', 'Edema']);
    expect(isFitted(round)).toBe(false);
    expect(text).toBe('From the encoder file’s own head, not checked on your images.');
    expect(proposals.fromFile(id(1, 'F'))).toBe('unchecked');
    expect(proposals.fromFile(id(3, 'F'))).toBe(null);
    expect([...(proposals.of(id(1, 'G')) ?? []).keys()]).toEqual([id(1, 'F'), id(2, 'F')]);
  });

  it('both, each by name', () => {
    const { text, proposals } = shown(3, ['Mass', 'Edema']);
    expect(text).toBe(
      'Probabilities of the model fitted on 3 labelled images, not enough labels yet to say how often they come true. Hatched: Mass from the encoder file’s own head, not checked on your images.',
    );
    expect(proposals.fromFile(id(2, 'F'))).toBe(null);
  });
});
