import type { RoundView } from '../../contract/views';
import type { Finding, Id } from '../../contract/model';
import { count } from '../controls/figures';
import type { FromFile } from './proposals';

/** Beside a single proposal. */
export const fromFileTitle = {
  fitted: undefined,
  unchecked: "From the encoder file's own head, not checked on your images",
  calibrated: "From the encoder file's own head, calibrated on your labels",
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
  const sentences = fitted ? [`Calibrated probabilities of the head fitted on ${count(learnt)} labelled images.`] : [];
  if (own.length > 0) {
    const which = fitted ? `Hatched: ${named(own)} from` : 'From';
    const trust =
      unchecked.length === own.length
        ? 'not checked on your images'
        : unchecked.length === 0
          ? 'calibrated on your labels'
          : `calibrated on your labels where there are both kinds, not checked for ${named(unchecked)}`;
    sentences.push(`${which} the encoder file’s own head, ${trust}.`);
  }
  return sentences.join(' ');
}

const named = (findings: readonly Finding[]): string =>
  findings.length > 3 ? `${count(findings.length)} findings` : findings.map(({ name }) => name).join(', ');
