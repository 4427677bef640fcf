import { useState } from 'react';
import { skipSentence, type OtherFile } from '../../contract/skip-reason';
import { useServices } from '../app/environment';
import { useSession } from '../app/session-context';
import { count, counted } from '../controls/figures';

/** What lies in the folder and is no image: counted, and named when somebody asks. */
export function OtherFiles({ total }: { readonly total: number }) {
  const { bridge, problems } = useServices();
  const { id: project } = useSession();
  const [files, setFiles] = useState<readonly OtherFile[]>([]);
  const list = async () => {
    const result = await bridge.call('projects.otherFiles', { project });
    if (result.ok) setFiles(result.value);
    else problems.failure(result.failure);
  };
  if (total === 0) return null;
  return (
    <details className="failures" data-testid="left-out" onToggle={({ currentTarget }) => void (currentTarget.open && list())}>
      <summary>{counted(total, 'other file')}</summary>
      <ul>
        {files.map((file) => (
          <li key={file.path}>
            <span className="path">{file.path}</span>
            <span className="muted">{skipSentence(file)}</span>
          </li>
        ))}
        {files.length > 0 && files.length < total && <li className="muted">and {count(total - files.length)} more</li>}
      </ul>
    </details>
  );
}
