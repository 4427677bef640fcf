import { TriangleAlert } from 'lucide-react';
import type { ReactNode } from 'react';
import { explain } from '../../contract/catalogue';
import type { Failure } from '../../contract/result';
import { CopyDetails } from './CopyDetails';

/** A failure where it happened: inside a dialog, where the list of problems would lie behind. */
export function FailureNote({ failure, children }: { readonly failure: Failure; readonly children?: ReactNode }) {
  const { what, next } = explain(failure);
  return (
    <div className="failure" role="alert" data-testid="failure" data-code={failure.code}>
      <TriangleAlert size={16} aria-hidden />
      <div>
        <p>{what}</p>
        {next !== '' && <p className="muted">{next}</p>}
        <div className="row">
          {children}
          {failure.detail !== undefined && <CopyDetails text={`${failure.code}\n${JSON.stringify(failure.params)}\n${failure.detail}`} />}
        </div>
      </div>
    </div>
  );
}
