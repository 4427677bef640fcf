import { factsOf } from '../../contract/facts';
import type { ProjectState } from '../../contract/fold';
import { type CellValue, type Finding, type Id, type Task } from '../../contract/model';
import { compareImages } from '../../contract/order';
import { askedBlind } from '../../contract/reserve';
import { UNSURE } from '../../contract/tables';
import { csvText } from '../../files/csv';

/**
 * LABELS.csv: the images that the annotator (default: any, a row for each) has answered, by path bytes, then frame. Multi-class
 * `blind`: of what is kept out of training, whether it was asked without the model's proposal. Multi-class
 * projects have one column `label`, multi-label ones a column for each finding with 1, 0, unsure, or empty for not read.
 */
export function labelsTable(state: ProjectState, annotator?: Id): string {
  const { project } = state;
  if (!project) return '';
  const names = new Map(project.annotators.map(({ id, name }) => [id, name]));
  const rows = [...state.annotators]
    .filter(([id]) => annotator === undefined || id === annotator)
    .flatMap(([id, { cells }]) =>
      [...cells].flatMap(([imageId, values]) => {
        const image = state.images.get(imageId);
        return image ? [{ image, values, annotator: names.get(id) ?? id }] : [];
      }),
    )
    .sort((a, b) => compareImages(a.image, b.image));
  const withFrame = rows.some(({ image }) => image.frame !== null);
  const frameColumn = withFrame ? ['frame'] : [];
  const header = [
    'path',
    ...frameColumn,
    'patient',
    'use',
    'blind',
    'annotator',
    'time',
    'source',
    ...answerColumns(project.task, project.findings),
  ];
  const body = rows.map(({ image, values, annotator: name }) => {
    const newest = [...values.values()].reduce((a, b) => (b.time > a.time ? b : a));
    return [
      image.path,
      ...(withFrame ? [image.frame === null ? '' : String(image.frame)] : []),
      factsOf(image).patient ?? '',
      newest.use,
      newest.use === 'audit' ? (askedBlind(values) ? '1' : '0') : '',
      name,
      newest.time,
      newest.by ?? newest.source,
      ...answers(project.task, project.findings, values),
    ];
  });
  return csvText([header, ...body]);
}

const answerColumns = (task: Task, findings: readonly Finding[]) => (task === 'multiclass' ? ['label'] : findings.map(({ name }) => name));

function answers(task: Task, findings: readonly Finding[], values: ReadonlyMap<Id, CellValue>): string[] {
  if (task === 'multilabel')
    return findings.map(({ id }) => ({ present: '1', absent: '0', unsure: UNSURE, none: '' })[values.get(id)?.state ?? 'none']);
  const present = findings.find(({ id }) => values.get(id)?.state === 'present');
  if (present) return [present.name];
  return [[...values.values()].some(({ state }) => state === 'unsure') ? UNSURE : ''];
}
