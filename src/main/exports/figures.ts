import type { Round } from '../../contract/jobs/trainer';
import type { CardFacts, Figure } from '../../contract/model-card';

/** What the newest full round measured, for the model card. */
export function measured({ metrics, head }: Round): Pick<CardFacts, 'figures' | 'thresholds'> {
  const { audit, prequential, sets } = metrics;
  const share = (
    name: string,
    how: string,
    { n, correct, low, high }: { n: number; correct: number; low: number; high: number },
  ): Figure[] => (n === 0 ? [] : [{ name, finding: null, value: correct / n, low, high, n, how }]);
  const figures = [
    ...(audit ? share('Share right', 'images drawn at random and kept out of training', audit) : []),
    ...(prequential
      ? share('Share right', 'each image before its own label was used; pessimistic, since the queue asks for hard ones', prequential)
      : []),
    ...metrics.findings.flatMap(({ finding, auroc, aurocLow, aurocHigh, present, absent }): Figure[] =>
      auroc === null
        ? []
        : [
            {
              name: 'AUROC',
              finding: head?.findings[finding] ?? '',
              value: auroc,
              low: aurocLow,
              high: aurocHigh,
              n: present + absent,
              how: `out of fold on the labels, ${String(present)} present and ${String(absent)} absent`,
            },
          ],
    ),
  ];
  const thresholds = sets
    ? [
        {
          name: 'least probability of an answer that stays possible',
          values: sets.least,
          how: `conformal, from ${sets.n.map(String).join(', ')} audit draws: sets of the possible answers miss the truth in ${String(Math.round(100 * sets.alpha))} of 100 images`,
        },
      ]
    : [];
  return { figures, thresholds };
}
