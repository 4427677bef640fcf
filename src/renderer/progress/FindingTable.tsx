import type { Metrics } from '../../contract/jobs/trainer';
import { count } from '../controls/figures';
import { Term } from '../controls/Term';
import { AUROC, OUT_OF_FOLD } from './terms';

/** How well each finding is told apart, on labels that the head had not seen. */
export function FindingTable({ names, findings }: { readonly names: readonly string[]; readonly findings: Metrics['findings'] }) {
  const judged = findings.filter(({ auroc }) => auroc !== null);
  if (judged.length === 0) return null;
  return (
    <>
      <h4>
        Each finding, on <Term means={OUT_OF_FOLD}>unseen</Term> labels
      </h4>
      <table className="counts" data-testid="finding-table">
        <thead>
          <tr>
            <th scope="col">Finding</th>
            <th scope="col">
              <Term means={AUROC}>AUROC</Term>
            </th>
            <th scope="col">95 %</th>
            <th scope="col">
              <Term means="Labels present / labels absent">n</Term>
            </th>
          </tr>
        </thead>
        <tbody>
          {judged.map(({ finding, auroc, aurocLow, aurocHigh, present, absent }) => (
            <tr key={finding}>
              <th scope="row">{names[finding]}</th>
              <td>{auroc?.toFixed(2)}</td>
              <td>{aurocLow === null || aurocHigh === null ? '–' : `${aurocLow.toFixed(2)} to ${aurocHigh.toFixed(2)}`}</td>
              <td>
                {count(present)} / {count(absent)}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </>
  );
}
