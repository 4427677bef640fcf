import type { EncoderCard, Precision } from '../../contract/encoder-card';
import { count } from '../controls/figures';

export const precisionName: Record<Precision, string> = { fp32: 'float32', int8: 'int8', fp16: 'float16' };

export const precisions: readonly { readonly precision: Precision; readonly title: string; readonly about: string }[] = [
  { precision: 'fp32', title: 'float32', about: 'Exact, on any computer. The one to use unless it is too slow.' },
  {
    precision: 'int8',
    title: 'int8',
    about: 'About 1.5 to 3 times quicker on a processor, a little less exact. The error is measured on your images before you keep it.',
  },
  {
    precision: 'fp16',
    title: 'float16',
    about: 'Half the size, for graphics cards. No quicker on a processor. The error is measured on your images before you keep it.',
  },
];

/** In percent; of what is far below one, as much as tells it from none. */
const share = (value: number) => `${(100 * value).toFixed(value < 0.001 ? 3 : 1)} %`;

/** What int8 or float16 costs, as measured when it was made; null of any other encoder. */
export function costOf({ quantisation }: Pick<EncoderCard, 'quantisation'>): string | null {
  if (!quantisation) return null;
  const { error, worst, agreement, decisions, measured } = quantisation;
  const which = decisions === 'head' ? 'of the decisions of its own head' : 'of random linear decisions';
  return `Against float32, on ${count(measured)} of your images: the embedding is off by ${share(error)} of its length (at worst ${share(worst)}), and ${share(agreement)} ${which} stay the same.`;
}

/** Whether one in less than float32 can be made of the file that it was made of. */
export const hasVersions = ({ kind, precision }: Pick<EncoderCard, 'kind' | 'precision'>): boolean =>
  kind === 'eva-x' && precision === 'fp32';
