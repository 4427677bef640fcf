import type { Reason } from './jobs/trainer';

const percent = (value: string | number | undefined) => (typeof value === 'number' ? `${Math.round(100 * value)} %` : '');

/** Above this probability of the first, two findings are no tie. */
const TIE = 0.65;

/** Why an image is in the queue, as a sentence. The only place where a reason becomes words. */
export function reasonSentence(reason: Reason): string {
  return `${words(reason)}.`;
}

function words({ code, params }: Reason): string {
  const text = (name: string) => String(params[name] ?? '');
  switch (code) {
    case 'typical':
      return Number(params['size']) > 1
        ? `Typical of ${text('size')} similar images, none labelled when it was chosen`
        : 'Stands alone: no other image is much like it';
    case 'uncertain':
      return `Hard to tell: ${text('finding')} (${percent(params['probability'])})`;
    case 'tie':
      // The queue weighs rare and frequent findings alike, so what competes need not be close in probability.
      return Number(params['probability']) < TIE
        ? `Tie between ${text('first')} (${percent(params['probability'])}) and ${text('second')}`
        : `Worth a look: ${text('first')} (${percent(params['probability'])}), else ${text('second')}`;
    case 'representative':
      return text('finding') === ''
        ? 'Stands for many images that nothing labelled resembles yet'
        : `Hard to tell (${text('finding')}, ${percent(params['probability'])}), and stands for many like it`;
    case 'diverse':
      return 'Unlike anything labelled so far';
    case 'random':
      return 'Drawn at random, so that nothing is overlooked';
    case 'audit':
      return 'Audit draw: chosen at random from the whole pool, to measure the model';
    case 'likely':
      return `Among the likeliest to show ${text('finding')} (${percent(params['probability'])})`;
    case 'similar':
      return 'started' in params
        ? `Resembles what the search for ${text('finding')} was started from`
        : `Resembles images labelled ${text('finding')}`;
  }
}
