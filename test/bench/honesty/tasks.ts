import { taskCards, type TaskCard } from '../learning/tasks';

const fourteen = [
  'Atelectasis',
  'Cardiomegaly',
  'Consolidation',
  'Edema',
  'Effusion',
  'Emphysema',
  'Fibrosis',
  'Hernia',
  'Infiltration',
  'Mass',
  'Nodule',
  'Pleural_Thickening',
  'Pneumonia',
  'Pneumothorax',
];

/** All of ChestX-ray14's list: what a person gets who takes the list for the findings of a project. */
const all: TaskCard = {
  name: 'nih, fourteen findings',
  set: 'nih',
  task: 'multilabel',
  findings: fourteen,
  states: (row) => fourteen.map((name) => (row[name] === '1' ? 1 : 0)),
  target: null,
  counted: false,
};

export const cards: readonly TaskCard[] = [...taskCards, all];
