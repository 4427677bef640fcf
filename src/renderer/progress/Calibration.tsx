import type { Metrics } from '../../contract/jobs/trainer';
import { count, percent } from '../controls/figures';
import { Term } from '../controls/Term';
import { Reliability } from './Reliability';
import { OUT_OF_FOLD } from './terms';

/** Whether "80 %" comes true in eight of ten. */
export function Calibration({ calibration: { bins, ece, brier, n } }: { readonly calibration: NonNullable<Metrics['calibration']> }) {
  return (
    <>
      <h4>Do the probabilities come true?</h4>
      <Reliability bins={bins} />
      <p className="figures" data-testid="calibration">
        <Term means="Adaptive expected calibration error (ECE): mean distance of predicted from observed, over bins of equal size">
          Off by
        </Term>{' '}
        {percent(ece)} on average,{' '}
        <Term means="Brier score: mean squared difference of probability and truth; 0 is perfect">squared error</Term> {brier.toFixed(3)}, n
        = {count(n)} <Term means={OUT_OF_FOLD}>unseen</Term> answers
      </p>
    </>
  );
}
