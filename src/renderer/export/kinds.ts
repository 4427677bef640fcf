import type { Task } from '../../contract/model';
import { whenFitted } from '../labels/head-state';

export type ExportKind = 'labels' | 'folders' | 'model' | 'head';

export interface KindChoice {
  readonly kind: ExportKind;
  readonly title: string;
  readonly about: string;
  /** Why it cannot be chosen now, in words. */
  readonly impossible: string | null;
}

export function kindsFor(task: Task, has: { readonly head: boolean; readonly labels: number }): KindChoice[] {
  const noLabels = has.labels === 0 ? 'Label at least one image first.' : null;
  const noHead = has.head ? null : `There is no head yet: it is fitted ${whenFitted(task)}.`;
  return [
    {
      kind: 'labels',
      title: 'Labels (CSV)',
      about: 'One row an image, with annotator, time and source of each label.',
      impossible: noLabels,
    },
    {
      kind: 'folders',
      title: 'Class folders',
      about: 'Copies of the labelled images, one folder a finding.',
      impossible: task === 'multiclass' ? noLabels : 'Only where an image has exactly one finding.',
    },
    {
      kind: 'model',
      title: 'Model (ONNX)',
      about:
        'Encoder, head and calibration in one file; checked against the proposals before it is written. The model card names the licence of the encoder.',
      impossible: noHead,
    },
    {
      kind: 'head',
      title: 'Head only',
      about: 'Without the weights of the encoder, where their licence does not let you pass them on.',
      impossible: noHead,
    },
  ];
}
