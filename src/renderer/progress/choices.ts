import type { TunedKind } from '../../contract/head';
import type { Combine, HeadKind, Strategy } from '../../contract/jobs/trainer';

interface Choice {
  readonly title: string;
  /** When to use it. */
  readonly when: string;
}

export const strategies: Readonly<Record<Strategy, Choice>> = {
  auto: { title: 'Automatic', when: 'Typical images first, then those that teach the head most. Right unless you have a reason.' },
  random: { title: 'Random', when: 'Every image is as likely as any other: for a sample that stands for the folder.' },
  coldstart: { title: 'Typical images', when: 'One image of each group of look-alikes: for the first labels, or to see what is there.' },
  variance: {
    title: 'Most informative',
    when: 'Answers that settle the most of what the head is unsure of: the automatic choice from 20 labels on.',
  },
  herding: { title: 'Uncertainty Herding', when: 'Uncertain images that stand for many others: from the first labels to some hundred.' },
  margin: { title: 'Closest call', when: 'The two likeliest answers are nearly equal: for the border between findings.' },
  entropy: { title: 'Highest entropy', when: 'The head is undecided over all findings: with many labels and many findings.' },
  'least-confidence': { title: 'Least confident', when: 'The likeliest answer is least sure: with many labels, simple to explain.' },
  badge: { title: 'BADGE', when: 'Uncertain and unlike each other: where many images are answered between two rounds.' },
  dropquery: { title: 'DropQuery', when: 'The proposal changes when features are left out: for a pretrained encoder and few labels.' },
  kcentre: { title: 'Farthest first', when: 'Unlike anything labelled so far: to meet odd images and artefacts.' },
  rare: {
    title: 'Rare finding',
    when: 'Probably the finding with the fewest positives: when it hardly ever turns up. Needs one positive; “Find a finding” starts it from an image.',
  },
};

export const heads: Readonly<Record<HeadKind, Choice>> = {
  auto: { title: 'Automatic', when: 'The one that predicts labels better which it has not seen. Right unless you have a reason.' },
  gda: { title: 'Gaussian discriminant', when: 'Quick, and the better one while labels are few.' },
  logistic: { title: 'Logistic regression', when: 'The better one once there are many labels; a round takes longer.' },
};

export const combinations: Readonly<Record<Combine, Choice>> = {
  mean: { title: 'Average of the findings', when: 'An image counts as hard where many findings are: right unless you have a reason.' },
  max: { title: 'Hardest finding', when: 'One finding that is hard to tell is enough: where findings are rare and each one matters.' },
};

/** What can be fine-tuned; `from`: labels below which it hardly ever wins. */
export const tunedParts: Readonly<Record<TunedKind, { title: string; short: string; about: string; from: number }>> = {
  attentive: {
    title: 'Where to look (attention pooling)',
    short: 'where to look',
    about: 'Learns where in the image to look for each finding, in the background.',
    from: 200,
  },
  block: {
    title: 'The encoder’s last block (slow without a graphics card)',
    short: 'the encoder’s last block',
    about:
      'Trains the last block of the encoder for these findings, in the background. On a processor that can take an hour or two: the time is measured in the first seconds and shown, and you can stop. Proposals are slower meanwhile.',
    from: 400,
  },
};

export const kinds = {
  gda: { title: 'Gaussian discriminant analysis', short: 'Discriminant' },
  logistic: { title: 'Logistic regression', short: 'Logistic' },
  attentive: { title: 'Attentive probe', short: 'Attentive' },
  block: { title: 'Fine-tuned block', short: 'Fine-tuned' },
} as const;
