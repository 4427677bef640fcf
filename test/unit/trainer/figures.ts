import { readFileSync } from 'node:fs';

interface Figures {
  ranking: { p: number[]; y: number[]; auroc: number; ap: number; brier: number; logLoss: number }[];
  wilson: { k: number; n: number; low: number; high: number }[];
  platt: { logits: number[]; y: number[]; slope: number; offset: number }[];
  pca: { n: number; d: number; components: number; x: number[]; inner: number[] };
}

/** What scikit-learn, scipy and numpy say (test/reference/trainer/figures.py). */
export const figures = JSON.parse(readFileSync(new URL('../../reference/trainer/figures.json', import.meta.url), 'utf8')) as Figures;
