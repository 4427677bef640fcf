import { expect, it } from 'vitest';
import { isLateral, notesOf } from '../../../src/contract/views';

it('knows lateral views as DICOM and data sets write them', () => {
  for (const view of ['LL', 'RL', 'LAT', 'lateral', 'LATERAL', 'left lateral', 'view1_lateral', 'L', 'LLO', 'RLD'])
    expect([view, isLateral(view)]).toEqual([view, true]);
  for (const view of [null, '', 'PA', 'AP', 'frontal', 'AP SUPINE', 'view1_frontal', 'bilateral', 'antero-posterior'])
    expect([view, isLateral(view)]).toEqual([view, false]);
});

it('tells of a lateral view whoever stated it', () => {
  expect(notesOf({ view: 'LL' })).toEqual(['view-lateral']);
  expect(notesOf({ view: 'PA', notes: ['overlay-ignored'] })).toEqual(['overlay-ignored']);
  // The file said lateral when it was read; what counts is the view that holds now.
  expect(notesOf({ view: 'PA', notes: ['view-lateral'] })).toEqual([]);
});
