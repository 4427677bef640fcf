import { expect, it } from 'vitest';
import { factsOf, isLateral, notesOf } from '../../../src/contract/facts';

it('knows lateral views as DICOM and data sets write them', () => {
  for (const view of ['LL', 'RL', 'LAT', 'lateral', 'LATERAL', 'left lateral', 'view1_lateral', 'L', 'LLO', 'RLD'])
    expect([view, isLateral(view)]).toEqual([view, true]);
  for (const view of [null, '', 'PA', 'AP', 'frontal', 'AP SUPINE', 'view1_frontal', 'bilateral', 'antero-posterior'])
    expect([view, isLateral(view)]).toEqual([view, false]);
});

const unknown = { patient: null, study: null, view: null };

it('tells of a lateral view whoever stated it', () => {
  expect(notesOf({ ...unknown, view: 'LL' })).toEqual(['view-lateral']);
  expect(notesOf({ ...unknown, view: 'PA', notes: ['overlay-ignored'] })).toEqual(['overlay-ignored']);
  expect(notesOf({ ...unknown, view: 'PA', stated: { ...unknown, view: 'Lateral' } })).toEqual(['view-lateral']);
  // The file said lateral when it was read; what counts is the view that holds now.
  expect(notesOf({ ...unknown, view: 'PA', notes: ['view-lateral'] })).toEqual([]);
});

it('lets a table go before the header, field by field', () => {
  const header = { patient: 'of the header', study: '1.2', view: 'PA' };
  expect(factsOf(header)).toEqual(header);
  expect(factsOf({ ...header, stated: { ...unknown, patient: 'of the table' } })).toEqual({ ...header, patient: 'of the table' });
});
