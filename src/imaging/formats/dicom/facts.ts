import type { DataSet } from 'dicom-parser';
import type { ImageNote } from '../../../contract/model';
import { isLateral } from '../../../contract/facts';
import type { StatedFacts } from '../raster';
import { text } from './header';

/** What the header says of patient, study, view and machine. */
export function statedFacts(set: DataSet): StatedFacts {
  const view = viewOf(set);
  const notes: ImageNote[] = [];
  if (isLateral(view)) notes.push('view-lateral');
  if (hasOverlay(set)) notes.push('overlay-ignored');
  return {
    patient: text(set, 'x00100020'),
    study: text(set, 'x0020000d'),
    view,
    studyDate: dateOf(text(set, 'x00080020')),
    manufacturer: text(set, 'x00080070'),
    notes,
  };
}

/** View Position (0018,5101); digital X-ray objects may state it as View Code Sequence (0054,0220) alone (PS3.3 C.8.11.5). */
const viewOf = (set: DataSet): string | null => {
  const code = set.elements['x00540220']?.items?.[0]?.dataSet;
  return text(set, 'x00185101') ?? (code ? text(code, 'x00080104') : null);
};

/** Overlay planes (C.9.2) lie in the groups 6000 to 601E. */
const hasOverlay = (set: DataSet) =>
  Object.keys(set.elements).some((tag) => /^x60[01][02468ace]3000$/.test(tag) || /^x60[01][02468ace]0010$/.test(tag));

/** VR DA (PS3.5 6.2), and the form with dots of its forerunner. */
const dateOf = (date: string | null) => {
  const [, year, month, day] = /^(\d{4})\.?(\d{2})\.?(\d{2})$/.exec(date ?? '') ?? [];
  return year === undefined || month === undefined || day === undefined ? null : `${year}-${month}-${day}`;
};
