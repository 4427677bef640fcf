import type { Reason } from './jobs/trainer';

const percent = (value: string | number | undefined) => (typeof value === 'number' ? `${Math.round(100 * value)} %` : '');

/** Why an image is in the queue, as a sentence. The only place where a reason becomes words. */
export function reasonSentence(reason: Reason): string {
  return `${words(reason)}.`;
}

function words({ code, params }: Reason): string {
  const text = (name: string) => String(params[name] ?? '');
  switch (code) {
    case 'typical':
      return `Typical of a group of ${text('size')} similar images, none of them labelled`;
    case 'uncertain':
      return `Uncertain: ${text('finding')} at ${percent(params['probability'])}`;
    case 'tie':
      return `Tie between ${text('first')} (${percent(params['probability'])}) and ${text('second')}`;
    case 'representative':
      return text('finding') === ''
        ? 'Stands for many images that nothing labelled resembles yet'
        : `Uncertain (${text('finding')} at ${percent(params['probability'])}), and stands for many like it`;
    case 'diverse':
      return 'Unlike anything labelled so far';
    case 'random':
      return 'Drawn at random';
    case 'audit':
      return 'Audit draw: chosen at random, kept out of training to measure honestly';
    case 'likely':
      return `Probably ${text('finding')} (${percent(params['probability'])})`;
    case 'similar':
      return `Resembles images labelled ${text('finding')}`;
  }
}
