import { describe, expect, it } from 'vitest';
import { enoughLabels, whyNoHead } from '../../../../src/renderer/labels/head-state';
import { FakeBridge } from '../fake-bridge';
import { id } from '../made-up/project';

const counts = (...all: [present: number, absent: number][]) => ({
  perFinding: new Map(all.map(([present, absent], i) => [id(i, 'F'), { present, absent, unsure: 0 }])),
});
const { status } = new FakeBridge();
const during = (stage: 'idle' | 'basis' | 'quick' | 'full') => ({ ...status, trainer: { ...status.trainer, stage } });

describe('why there is no head yet', () => {
  it('multi-label: one finding needs both states', () => {
    expect(enoughLabels('multilabel', counts([3, 0], [0, 3]))).toBe(false);
    expect(enoughLabels('multilabel', counts([1, 1], [0, 0]))).toBe(true);
    expect(whyNoHead('multilabel', counts([3, 0]), status)).toBe('Proposals appear once one finding has both present and absent labels.');
  });
  it('multi-class: two classes need a label', () => {
    expect(enoughLabels('multiclass', counts([5, 0], [0, 5]))).toBe(false);
    expect(enoughLabels('multiclass', counts([1, 1], [1, 1]))).toBe(true);
    expect(whyNoHead('multiclass', counts(), status)).toBe('Proposals appear once two classes have labels.');
  });
  it.each(['basis', 'quick', 'full'] as const)('with enough labels it is being fitted (%s)', (stage) => {
    expect(whyNoHead('multiclass', counts([1, 1], [1, 1]), during(stage))).toBe('The first head is being fitted…');
  });
  it('with enough labels it waits for the embeddings', () => {
    const running = { ...status, embedding: { ...status.embedding, state: 'running' as const } };
    expect(whyNoHead('multiclass', counts([1, 1], [1, 1]), running)).toContain('Images are being embedded');
  });
  it('does not say that images are embedded while their folder is not there', () => {
    const gone = {
      ...status,
      scan: { ...status.scan, state: 'failed' as const },
      embedding: { ...status.embedding, state: 'waiting' as const },
    };
    expect(whyNoHead('multiclass', counts([1, 1], [1, 1]), gone)).toContain('The folder could not be read');
  });
});
