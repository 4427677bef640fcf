import { useEffect, useState } from 'react';
import type { HeaderField } from '../../contract/jobs/imaging';
import type { Id } from '../../contract/model';
import type { Failure } from '../../contract/result';
import { useServices } from '../app/environment';
import { useSession } from '../app/session-context';
import { Dialog } from '../controls/Dialog';
import { FailureNote } from '../controls/FailureNote';
import { counted } from '../controls/figures';

/** The fields of a DICOM file's header, to be searched. They are shown and stored nowhere. */
export function HeaderDialog({ image, onClose }: { readonly image: Id; readonly onClose: () => void }) {
  const { bridge } = useServices();
  const { id: project, labels } = useSession();
  const [fields, setFields] = useState<readonly HeaderField[] | null>(null);
  const [failure, setFailure] = useState<Failure | null>(null);
  const [search, setSearch] = useState('');
  useEffect(() => {
    let current = true;
    void bridge.call('images.header', { project, image }).then((result) => {
      if (!current) return;
      if (result.ok) setFields(result.value);
      else setFailure(result.failure);
    });
    return () => {
      current = false;
    };
  }, [bridge, project, image]);
  const wanted = search.trim().toLowerCase();
  const found = fields?.filter(({ tag, name, value }) => `${tag} ${name} ${value}`.toLowerCase().includes(wanted)) ?? [];
  return (
    <Dialog title="Header of the file" onClose={onClose} width="wide" testId="header-dialog">
      <p className="path">{labels.nameOf(image)}</p>
      {failure && <FailureNote failure={failure} />}
      {fields?.length === 0 && <p className="muted">Only DICOM files have header fields to show.</p>}
      {fields && fields.length > 0 && (
        <>
          <input
            type="text"
            value={search}
            placeholder="Search tag, name or value"
            aria-label="Search the header"
            onChange={(event) => setSearch(event.target.value)}
            data-testid="header-search"
          />
          <p className="muted" role="status">
            {counted(found.length, 'field')} of {fields.length}. They may name the patient; nothing of them is stored.
          </p>
          <table className="header-fields" data-testid="header-fields">
            <tbody>
              {found.map(({ tag, name, value }, row) => (
                <tr key={`${tag} ${String(row)}`}>
                  <td className="path">{tag}</td>
                  <th scope="row">{name}</th>
                  <td>{value}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </>
      )}
    </Dialog>
  );
}
