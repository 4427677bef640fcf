import type { Acceptance, Metrics, Round } from '../../contract/jobs/trainer';
import type { CardFacts, Figure, Threshold } from '../../contract/model-card';

/** What the newest full round measured, for the model card: an interval stands beside blind audits alone. */
export function measured({ metrics, acceptance, head }: Round): Pick<CardFacts, 'figures' | 'thresholds'> {
  return {
    figures: [...shares(metrics), ...areas(metrics, head?.findings ?? [])],
    thresholds: [...sets(metrics), ...(acceptance ? limits(acceptance) : [])],
  };
}

function shares({ audit, prequential }: Metrics): Figure[] {
  const whole = { name: 'Share right', finding: null };
  return [
    ...(audit
      ? [
          {
            ...whole,
            value: audit.correct / audit.n,
            low: audit.low,
            high: audit.high,
            n: audit.n,
            how: 'images drawn at random from the whole pool, answered blind and kept out of training',
          },
        ]
      : []),
    ...(prequential
      ? [
          {
            ...whole,
            value: prequential.correct / prequential.n,
            low: null,
            high: null,
            n: prequential.n,
            how: 'each image before its own label was used; pessimistic, since the queue asks for hard ones',
          },
        ]
      : []),
  ];
}

const areas = ({ findings }: Metrics, names: readonly string[]): Figure[] =>
  findings.flatMap(({ finding, audit, auroc, present, absent }): Figure[] => {
    const own = { name: 'AUROC', finding: names[finding] ?? '' };
    if (audit) return [{ ...own, value: audit.auroc, low: audit.low, high: audit.high, n: audit.n, how: 'blind audits' }];
    if (auroc === null) return [];
    const how = `out of fold on the labels, ${String(present)} present and ${String(absent)} absent; pessimistic, since the queue asks for hard ones`;
    return [{ ...own, value: auroc, low: null, high: null, n: present + absent, how }];
  });

const sets = ({ sets: found }: Metrics): Threshold[] =>
  found
    ? [
        {
          name: 'least probability of an answer that stays possible',
          values: found.least,
          how: `conformal, from ${found.n.map(String).join(', ')} blind audits: sets of the possible answers miss the truth in ${String(Math.round(100 * found.alpha))} of 100 images`,
        },
      ]
    : [];

/** Multi-class has none: there the likeliest class is taken. */
function limits({ present, absent, missed, positives }: Acceptance): Threshold[] {
  const some = (values: readonly (number | null)[]) => values.some((value) => value !== null);
  return [
    ...(some(present) ? [{ name: 'accepted as present from', values: present, how: 'where the model is shown to know the finding' }] : []),
    ...(some(absent)
      ? [
          {
            name: 'accepted as absent below',
            values: absent,
            how: `class-conditional conformal, from ${positives.map(String).join(', ')} patients with the finding: of 100 images with it at most ${String(Math.round(100 * missed))} lie below`,
          },
        ]
      : []),
  ];
}
