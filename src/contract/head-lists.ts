/** Findings of well-known heads in the order of their outputs. Which one a file has, only the person can say: CheXpert labels 14 as well, in another order. */
export const headLists = {
  'chestx-ray14': {
    title: 'ChestX-ray14',
    findings: [
      'Atelectasis',
      'Cardiomegaly',
      'Effusion',
      'Infiltration',
      'Mass',
      'Nodule',
      'Pneumonia',
      'Pneumothorax',
      'Consolidation',
      'Edema',
      'Emphysema',
      'Fibrosis',
      'Pleural_Thickening',
      'Hernia',
    ],
  },
  chexpert: {
    title: 'CheXpert',
    findings: [
      'No Finding',
      'Enlarged Cardiomediastinum',
      'Cardiomegaly',
      'Lung Opacity',
      'Lung Lesion',
      'Edema',
      'Consolidation',
      'Pneumonia',
      'Atelectasis',
      'Pneumothorax',
      'Pleural Effusion',
      'Pleural Other',
      'Fracture',
      'Support Devices',
    ],
  },
  'chexpert-5': {
    title: 'the five of CheXpert',
    findings: ['Atelectasis', 'Cardiomegaly', 'Consolidation', 'Edema', 'Pleural Effusion'],
  },
} as const satisfies Record<string, { readonly title: string; readonly findings: readonly string[] }>;
export type HeadList = keyof typeof headLists;

export const HEAD_LISTS = Object.keys(headLists) as readonly HeadList[];

/** What outputs are called of which nobody said what they are. */
export const numbered = (classes: number): string[] => Array.from({ length: classes }, (_, i) => `output ${String(i + 1)}`);
