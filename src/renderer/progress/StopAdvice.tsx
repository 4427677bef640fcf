import type { Metrics } from '../../contract/jobs/trainer';
import { count, counted } from '../controls/figures';
import { Term } from '../controls/Term';
import { AUROC } from './terms';

const KAPPA =
  'Cohen’s kappa between the answers of successive heads, ten labels apart, on a fixed sample of the images; 1 is full agreement, 0 is chance';

/** Advice, never a gate. */
export function StopAdvice({ stop: { kappas, gain, advised, n } }: { readonly stop: NonNullable<Metrics['stop']> }) {
  return (
    <div className="figure" data-testid="stop-advice">
      <p>{advised ? 'This may be enough: the head hardly changes any more.' : 'More labels still change the head.'}</p>
      <p className="figures">
        {kappas.length > 0 && (
          <>
            The last {count(kappas.length + 1)} heads <Term means={KAPPA}>agree</Term> by{' '}
            {kappas.map((kappa) => kappa.toFixed(2)).join(', ')}.{' '}
          </>
        )}
        {gain !== null && (
          <>
            50 more labels: <Term means={AUROC}>AUROC</Term> +{gain.toFixed(3)}.{' '}
          </>
        )}
        Advice only{n === undefined ? '' : `, from ${counted(n, 'labelled image')}`}.
      </p>
    </div>
  );
}
