import { FileSpreadsheet, Pencil, Users } from 'lucide-react';
import { useSession } from '../app/session-context';
import { useSignal } from '../app/signal';
import { count } from '../controls/figures';
import { useProject } from '../labels/use-labels';

/** Labels a finding, counted by the page itself from the journal. */
export function LabelCounts(props: { readonly onEdit: () => void; readonly onPatients: () => void; readonly onImport: () => void }) {
  const { onEdit, onPatients, onImport } = props;
  const { labels } = useSession();
  const { findings, task } = useProject();
  const { images, answered, skipped, perFinding } = useSignal(labels.totals);
  const multilabel = task === 'multilabel';
  return (
    <section>
      <h3>
        Labels
        <button className="button small" onClick={onEdit} data-testid="edit-findings">
          <Pencil size={14} aria-hidden /> Findings…
        </button>
        <button className="button small" onClick={onPatients} data-testid="edit-metadata">
          <Users size={14} aria-hidden /> Patients…
        </button>
      </h3>
      <p className="figures">
        {count(answered)} of {count(images)} images labelled{skipped > 0 ? `, ${count(skipped)} skipped` : ''}
      </p>
      <table className="counts">
        <thead>
          <tr>
            <th scope="col">Finding</th>
            <th scope="col">Present</th>
            {multilabel && <th scope="col">Absent</th>}
            <th scope="col">Unsure</th>
          </tr>
        </thead>
        <tbody>
          {findings.map(({ id, name, colour }) => {
            const counts = perFinding.get(id) ?? { present: 0, absent: 0, unsure: 0 };
            return (
              <tr key={id} data-testid={`count-${name}`}>
                <th scope="row">
                  <span className="swatch" style={{ background: colour }} aria-hidden />
                  {name}
                </th>
                <td>{count(counts.present)}</td>
                {multilabel && <td>{count(counts.absent)}</td>}
                <td>{count(counts.unsure)}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
      <button className="button small import-labels" onClick={onImport} data-testid="open-import-labels">
        <FileSpreadsheet size={14} aria-hidden /> Import labels…
      </button>
    </section>
  );
}
