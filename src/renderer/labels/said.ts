import type { RoundView } from '../../contract/views';
import type { Metrics } from '../../contract/jobs/trainer';
import type { Finding, Id } from '../../contract/model';
import { count, percent } from '../controls/figures';
import type { FromFile } from './proposals';

/** Beside a single proposal. */
export const fromFileTitle = {
  fitted: undefined,
  unchecked: "From the encoder file's own head, not checked on your images",
  adjusted: "From the encoder file's own head, adjusted to your labels",
} as const satisfies Record<FromFile | 'fitted', string | undefined>;

/** Of a head that was fitted here, how many labels it saw; null where only the one from the encoder's file speaks. */
export const isFitted = (round: RoundView): boolean => round.head !== null && round.stage !== 'cold';

/** Who proposes, and how far it can be trusted. */
export function whoSays(round: RoundView, findings: readonly Finding[], fromFile: (finding: Id) => FromFile | null): string {
  const own = findings.filter(({ id }) => fromFile(id) !== null);
  const unchecked = own.filter(({ id }) => fromFile(id) === 'unchecked');
  const fitted = isFitted(round) && own.length < findings.length;
  // Audit draws are labelled, and nothing is fitted on them.
  const learnt = round.head?.labels.count ?? round.metrics.labelled;
  const sentences = fitted ? [`Probabilities of the model fitted on ${count(learnt)} labelled images, ${howTrue(round.metrics)}.`] : [];
  if (own.length > 0) {
    const which = fitted ? `Hatched: ${named(own)} from` : 'From';
    const trust =
      unchecked.length === own.length
        ? 'not checked on your images'
        : unchecked.length === 0
          ? 'adjusted to your labels'
          : `adjusted to your labels where there are both kinds, not checked for ${named(unchecked)}`;
    sentences.push(`${which} the encoder file’s own head, ${trust}.`);
  }
  return sentences.join(' ');
}

/** The word "calibrated" is earned by answers that were judged out of fold. */
function howTrue({ calibration, lowEvidence }: Metrics): string {
  if (!calibration || lowEvidence) return 'not enough labels yet to say how often they come true';
  return `calibrated: off by ${percent(calibration.ece)} on average, out of fold on n = ${count(calibration.n)} answers`;
}

const named = (findings: readonly Finding[]): string =>
  findings.length > 3 ? `${count(findings.length)} findings` : findings.map(({ name }) => name).join(', ');
