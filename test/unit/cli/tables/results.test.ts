import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { predictionsText, probabilityText, proposalsText, queueText } from '../../../../src/cli/tables/results';

test('a probability is the shortest text that gives the same float32', () => {
  expect(probabilityText(0.5)).toBe('0.5');
  expect(probabilityText(Math.fround(0.1))).toBe('0.1');
  fc.assert(fc.property(fc.float({ noNaN: true, min: 0, max: 1 }), (value) => Math.fround(Number(probabilityText(value))) === value));
});

test('tables, exactly', () => {
  const place = { path: 'a,b.png', frame: null };
  expect(proposalsText(['X', 'Y'], [place, { path: 'm.dcm', frame: 2 }], Float32Array.of(1, 0, 0.25, 0.75))).toBe(
    'path,frame,X,Y\n"a,b.png",,1,0\nm.dcm,2,0.25,0.75\n',
  );
  expect(
    predictionsText(
      ['X'],
      [
        { ...place, message: '', probabilities: Float32Array.of(0.5) },
        { ...place, message: 'Damaged.', probabilities: null },
      ],
    ),
  ).toBe('path,frame,status,message,X\n"a,b.png",,ok,,0.5\n"a,b.png",,failed,Damaged.,\n');
  expect(queueText([{ ...place, score: 0.5, audit: true, code: 'audit', reason: 'Audit draw.' }])).toBe(
    'rank,path,frame,score,audit,reason_code,reason\n1,"a,b.png",,0.5,1,audit,Audit draw.\n',
  );
});
