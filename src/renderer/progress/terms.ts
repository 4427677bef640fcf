/** The terms of the field behind the plain words of the panel. */
export const AUROC = 'AUROC: how probably an image with the finding gets a higher score than one without; 0.5 is chance, 1 is perfect';
export const OUT_OF_FOLD = 'Out of fold: each label is scored by a head fitted on the labels of other patients';
export const LOG_LOSS =
  'Log loss: mean of -log of the probability that the right answer got, by a head fitted on the labels of other patients; 0 is perfect';
