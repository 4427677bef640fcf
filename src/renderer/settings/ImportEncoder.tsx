import { Download } from 'lucide-react';
import { useState } from 'react';
import type { Failure } from '../../contract/result';
import { useServices } from '../app/environment';
import { FailureNote } from '../controls/FailureNote';
import { JobProgress } from '../controls/JobProgress';

/** Reads an EVA-X checkpoint that the person has. Nothing is executed and nothing is downloaded. */
export function ImportEncoder({ onImported }: { readonly onImported: (id: string) => void }) {
  const { bridge } = useServices();
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<Failure | null>(null);
  const run = async () => {
    setFailure(null);
    const chosen = await bridge.call('dialog.checkpoint', {});
    if (!chosen.ok) return setFailure(chosen.failure);
    if (chosen.value === null) return undefined;
    setBusy(true);
    const result = await bridge.call('encoders.import', { checkpoint: chosen.value, crop: 'official' });
    setBusy(false);
    if (result.ok) return onImported(result.value.id);
    return setFailure(result.failure.code === 'stopped' ? null : result.failure);
  };
  return (
    <div className="import">
      <button type="button" className="button" onClick={() => void run()} disabled={busy} data-testid="import-encoder">
        <Download size={14} aria-hidden /> Import EVA-X checkpoint…
      </button>
      {busy && <JobProgress job="import" title="Reading the checkpoint" />}
      {failure && <FailureNote failure={failure} />}
    </div>
  );
}
