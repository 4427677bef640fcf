import { describe, expect, it } from 'vitest';
import { reasonSentence } from '../../../src/contract/reasons';

describe('reasons', () => {
  it('call a tie only what is one', () => {
    const between = (probability: number) => reasonSentence({ code: 'tie', params: { first: 'Viral', second: 'Bacterial', probability } });
    expect(between(0.49)).toBe('Tie between Viral (49 %) and Bacterial.');
    expect(between(0.89)).toBe('Worth a look: Viral (89 %), else Bacterial.');
  });

  it('speak of a group only where there is one', () => {
    expect(reasonSentence({ code: 'typical', params: { size: 1 } })).toBe('Stands alone: no other image is much like it.');
    expect(reasonSentence({ code: 'typical', params: { size: 7 } })).toBe('Typical of 7 similar images, none labelled when it was chosen.');
  });

  it('call nothing probable that is not: the likeliest of a rare finding are unlikely still', () => {
    const likely = reasonSentence({ code: 'likely', params: { finding: 'Nodule', probability: 0.26 } });
    expect(likely).toBe('Among the likeliest to show Nodule (26 %).');
  });
});
