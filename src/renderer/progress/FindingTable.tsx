import type { Metrics } from '../../contract/jobs/trainer';
import { count } from '../controls/figures';
import { Term } from '../controls/Term';
import { AUROC, OUT_OF_FOLD } from './terms';

/** How well each finding is told apart: by blind audits, and where those are too few by unseen labels, which the queue picked for being hard. */
export function FindingTable({ names, findings }: { readonly names: readonly string[]; readonly findings: Metrics['findings'] }) {
  const judged = findings.filter(({ auroc, audit }) => auroc !== null || audit !== null);
  if (judged.length === 0) return null;
  return (
    <>
      <h4>Each finding</h4>
      <table className="counts" data-testid="finding-table">
        <thead>
          <tr>
            <th scope="col">Finding</th>
            <th scope="col">
              <Term means={AUROC}>AUROC</Term>
            </th>
            <th scope="col">95 %</th>
            <th scope="col">
              <Term means="Blind audit answers; where those are too few, labels present / labels absent">n</Term>
            </th>
          </tr>
        </thead>
        <tbody>
          {judged.map(({ finding, auroc, audit, present, absent }) => (
            <tr key={finding} data-from={audit ? 'audit' : 'labels'}>
              <th scope="row">{names[finding]}</th>
              {audit ? (
                <>
                  <td>{audit.auroc.toFixed(2)}</td>
                  <td>
                    {audit.low.toFixed(2)} to {audit.high.toFixed(2)}
                  </td>
                  <td>{count(audit.n)} blind</td>
                </>
              ) : (
                <>
                  <td className="muted">{auroc?.toFixed(2)}</td>
                  <td className="muted">pessimistic</td>
                  <td className="muted">
                    {count(present)} / {count(absent)}
                  </td>
                </>
              )}
            </tr>
          ))}
        </tbody>
      </table>
      {judged.some(({ audit }) => audit === null) && (
        <p className="muted">
          Pessimistic: too few blind audits, so on <Term means={OUT_OF_FOLD}>unseen</Term> labels that the queue picked for being hard to
          tell.
        </p>
      )}
    </>
  );
}
