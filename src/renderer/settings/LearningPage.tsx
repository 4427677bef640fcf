import { useState } from 'react';
import type { Failure } from '../../contract/result';
import { useServices } from '../app/environment';
import { useSignal } from '../app/signal';
import { FailureNote } from '../controls/FailureNote';

/** The folder of an installed tfjs-node-gpu or tfjs-node: TensorFlow's C library is too large to come with the app. */
export function LearningPage() {
  const { bridge, settings } = useServices();
  const { tfjsFolder } = useSignal(settings.current);
  const [busy, setBusy] = useState(false);
  const [found, setFound] = useState('');
  const [failure, setFailure] = useState<Failure | null>(null);
  const run = async (work: () => Promise<Failure | null>) => {
    setBusy(true);
    setFound('');
    setFailure(await work());
    await settings.load();
    setBusy(false);
  };
  const choose = () =>
    run(async () => {
      const chosen = await bridge.call('backend.choose', {});
      if (!chosen.ok) return chosen.failure;
      if (chosen.value) setFound(`${chosen.value.backend}: ${chosen.value.reason}.`);
      return null;
    });
  const check = () =>
    run(async () => {
      const checked = await bridge.call('backend.check', {});
      if (!checked.ok) return checked.failure;
      setFound(`${checked.value.backend}: ${checked.value.reason}.`);
      return null;
    });
  const forget = () =>
    run(async () => {
      const forgotten = await bridge.call('backend.forget', {});
      return forgotten.ok ? null : forgotten.failure;
    });
  return (
    <fieldset className="settings-line">
      <legend>Learning on a graphics card</legend>
      <p className="muted">
        Not needed: without it learning runs on the graphics card through Chromium where that is quicker, else on the processor. Where
        tfjs-node-gpu is installed, its folder can be named here; its code is then run.
      </p>
      {tfjsFolder !== null && <p className="path">{tfjsFolder}</p>}
      <div className="row">
        <button type="button" className="button" onClick={() => void choose()} disabled={busy} data-testid="choose-backend">
          {tfjsFolder === null ? 'Folder of an installed tfjs-node(-gpu)…' : 'Another folder…'}
        </button>
        {tfjsFolder !== null && (
          <>
            <button type="button" className="button" onClick={() => void check()} disabled={busy} data-testid="check-backend">
              Check
            </button>
            <button type="button" className="button" onClick={() => void forget()} disabled={busy} data-testid="forget-backend">
              Use no longer
            </button>
          </>
        )}
      </div>
      <p role="status" className="muted" data-testid="backend-found">
        {busy ? 'Loading it…' : found}
      </p>
      {failure && <FailureNote failure={failure} />}
    </fieldset>
  );
}
