import { describe, expect, it } from 'vitest';
import { commonerShare } from '../../../../src/renderer/progress/commoner';

describe('what never looking would score', () => {
  it('is the share of the commonest class, or of the commoner answer to each finding', () => {
    const findings = [
      { present: 30, absent: 70 },
      { present: 60, absent: 40 },
      { present: 10, absent: 90 },
    ];
    expect(commonerShare('multiclass', findings)).toBeCloseTo(0.6);
    expect(commonerShare('multilabel', findings)).toBeCloseTo((70 + 60 + 90) / 300);
    expect(commonerShare('multilabel', [{ present: 0, absent: 0 }])).toBeNull();
  });
});
