import type { CellState, Finding, Id, Task } from '../../contract/model';
import { counted } from '../controls/figures';
import { cellOf, type ImageView } from '../labels/labels';

/** Where a search may begin. */
export interface Start {
  readonly kind: 'these' | 'labelled' | 'head';
  readonly title: string;
  readonly about: string;
  readonly seeds: readonly Id[];
  /** Why not, or null. */
  readonly impossible: string | null;
}

/** The bound of the contract's search.start. */
const MOST_SEEDS = 200;

export interface Situation {
  /** The image that is large, or the selection of the grid. */
  readonly these: readonly Id[];
  /** Images in which the finding is labelled present. */
  readonly present: number;
  /** A head gives probabilities of the finding. */
  readonly known: boolean;
}

/** The starts there are for a finding, the likeliest to be meant first. */
export function startsFor({ these, present, known }: Situation): Start[] {
  return [
    {
      kind: 'these',
      title: these.length === 1 ? 'This image' : `The ${counted(these.length, 'selected image')}`,
      about: 'Images that resemble it come first; it need not be labelled. Several of a group of look-alikes are chosen in the grid.',
      seeds: these.slice(0, MOST_SEEDS),
      impossible: these.length === 0 ? 'No image is shown and none is selected.' : null,
    },
    {
      kind: 'labelled',
      title: `What is labelled present so far (${counted(present, 'image')})`,
      about: 'Resemblance first; the more of them there are, the more the head decides.',
      seeds: [],
      impossible: present === 0 ? 'No image is labelled so yet.' : null,
    },
    {
      kind: 'head',
      title: 'What a head knows of it',
      about: 'The likeliest images come first, by the fitted head or by the one that came with a fine-tuned encoder.',
      seeds: [],
      impossible: known ? null : 'No head gives probabilities of this finding yet.',
    },
  ];
}

/** The finding that is probably meant: the one that the image shows, else the rarest so far. */
export function probableFinding(
  task: Task,
  findings: readonly Finding[],
  view: ImageView | null,
  present: (finding: Id) => number,
): Id | null {
  const states = (state: CellState) => findings.filter(({ id }) => view !== null && cellOf(view, id).state === state);
  const shown = task === 'multilabel' ? [...states('present'), ...states('unsure')] : states('present');
  const among = shown.length > 0 ? shown : findings;
  return among.reduce<Finding | null>((best, each) => (best && present(best.id) <= present(each.id) ? best : each), null)?.id ?? null;
}
