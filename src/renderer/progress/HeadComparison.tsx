import type { Metrics } from '../../contract/jobs/trainer';
import { count } from '../controls/figures';
import { Term } from '../controls/Term';
import { kinds } from './choices';
import { AUROC, LOG_LOSS } from './terms';

type Heads = NonNullable<Metrics['heads']>;

/** The heads that were fitted on the same labels, which of them is in use, and why. */
export function HeadComparison({ heads, used }: { readonly heads: Heads; readonly used: Heads[number]['kind'] }) {
  if (heads.length < 2) return null;
  return (
    <div data-testid="head-comparison">
      <h4>Heads compared</h4>
      <table className="counts">
        <thead>
          <tr>
            <th scope="col">Head</th>
            <th scope="col">
              <Term means={LOG_LOSS}>Surprise</Term>
            </th>
            <th scope="col">
              <Term means={`${AUROC}; mean of the findings`}>AUROC</Term>
            </th>
            <th scope="col">n</th>
          </tr>
        </thead>
        <tbody>
          {heads.map(({ kind, n, logLoss, auroc }) => (
            <tr key={kind} data-used={kind === used}>
              <th scope="row">
                {kinds[kind].short} {kind === used && <span className="badge">in use</span>}
              </th>
              <td>{logLoss.toFixed(2)}</td>
              <td>{auroc?.toFixed(2) ?? '–'}</td>
              <td>{count(n)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <p className="muted">{reason(used)} Out of fold, on labels that the queue picked: good for comparing, too low for a figure.</p>
    </div>
  );
}

/** The rule of the choice, as it came out: the quick closed form stays unless another one is clearly less surprised. */
function reason(used: Heads[number]['kind']): string {
  const chosen = kinds[used].title;
  return used === 'gda'
    ? `${chosen} is in use: no other head is less surprised by more than a standard error.`
    : `${chosen} is in use: it is less surprised by more than a standard error.`;
}
