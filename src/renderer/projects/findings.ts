import { findingKeys } from '../../contract/commands';
import type { EncoderCard } from '../../contract/encoder-card';
import type { Finding, Id, Task } from '../../contract/model';

export interface FindingDraft {
  /** Only for React's list. */
  readonly key: number;
  /** Null: not in a project yet. */
  readonly id: Id | null;
  readonly name: string;
  readonly hotkey: string;
  readonly colour: string;
  /** Its name in the head that comes with the encoder's file. */
  readonly ready?: string | undefined;
}

/** Distinct on black and on white, also for the colour-blind as far as twelve colours can be (after Okabe and Ito, and Tol). */
export const palette: readonly string[] = [
  '#4aa3df',
  '#e69f00',
  '#2fb38a',
  '#d55e00',
  '#cc79a7',
  '#b8a800',
  '#7d8cf0',
  '#c8504f',
  '#4fb3bf',
  '#9a7bd0',
  '#8aa05a',
  '#a98467',
];

export interface Preset {
  readonly id: string;
  readonly title: string;
  readonly task: Task;
  readonly names: readonly string[];
  /** The same findings as the encoder's own head names them. */
  readonly ready?: readonly string[];
}

/** The findings of the head that comes with an encoder's file; null where there is none, or more of them than there are keys. */
export function presetOf(card: EncoderCard | undefined): Preset | null {
  const findings = card?.head?.findings ?? [];
  if (findings.length === 0 || findings.length > findingKeys.length) return null;
  const task = card?.head?.task ?? 'multilabel';
  // A single class is no choice: the other one is that it is absent.
  if (task === 'multiclass' && findings.length < 2) return null;
  return { id: 'file', title: `The encoder file’s own (${String(findings.length)})`, task, names: findings.map(spoken), ready: findings };
}

/** Lists write Pleural_Thickening, people Pleural thickening. */
const spoken = (name: string) => name.replaceAll('_', ' ').replaceAll(/(?<= )\p{Lu}(?=\p{Ll})/gu, (letter) => letter.toLowerCase());

/** What a project begins with. */
export const normal: Preset = { id: 'normal', title: 'Normal vs abnormal', task: 'multiclass', names: ['Normal', 'Abnormal'] };

export const presets: readonly Preset[] = [
  normal,
  { id: 'pneumonia', title: 'Pneumonia: normal, bacterial, viral', task: 'multiclass', names: ['Normal', 'Bacterial', 'Viral'] },
  {
    id: 'chexpert5',
    title: 'CheXpert 5',
    task: 'multilabel',
    names: ['Atelectasis', 'Cardiomegaly', 'Consolidation', 'Edema', 'Pleural effusion'],
  },
  {
    id: 'chestxray14',
    title: 'ChestX-ray14',
    task: 'multilabel',
    names: [
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
      'Pleural thickening',
      'Pneumonia',
      'Pneumothorax',
    ],
  },
];

let nextKey = 1;

/** Keys and colours in the order in which they are given out, skipping those in use. */
export function drafted(names: readonly string[], before: readonly FindingDraft[] = []): FindingDraft[] {
  const drafts = [...before];
  for (const name of names) {
    const used = new Set(drafts.map(({ hotkey }) => hotkey));
    const hotkey = findingKeys.find((key) => !used.has(key)) ?? '';
    drafts.push({ key: nextKey++, id: null, name, hotkey, colour: palette[drafts.length % palette.length] ?? '#4aa3df' });
  }
  return drafts;
}

export const draftsOf = (findings: readonly Finding[]): readonly FindingDraft[] =>
  findings.map(({ id, name, hotkey, colour }) => ({ key: nextKey++, id, name, hotkey, colour }));

export const draftedFrom = ({ names, ready }: Preset): FindingDraft[] =>
  drafted(names).map((draft, i) => ({ ...draft, ready: ready?.[i] }));

/** Why these findings cannot be used, in words, or null. */
export function problemOf(drafts: readonly FindingDraft[]): string | null {
  const names = drafts.map(({ name }) => name.trim());
  if (names.some((name) => name === '')) return 'Every finding needs a name.';
  if (drafts.length === 0) return 'Add at least one finding.';
  const twice = names.find((name, i) => names.findIndex((other) => other.toLowerCase() === name.toLowerCase()) !== i);
  if (twice !== undefined) return `${twice} is there twice.`;
  if (drafts.some(({ hotkey }) => !findingKeys.includes(hotkey))) return 'Every finding needs a key.';
  const shared = drafts.find(({ hotkey }, i) => drafts.findIndex((other) => other.hotkey === hotkey) !== i);
  return shared ? `The key ${shared.hotkey.toUpperCase()} is given twice.` : null;
}
