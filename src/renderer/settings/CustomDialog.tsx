import { useState } from 'react';
import { createPortal } from 'react-dom';
import type { CustomEncoder, CustomModel, CustomTrial } from '../../contract/custom-encoder';
import { ok, type Failure } from '../../contract/result';
import { useServices } from '../app/environment';
import { Bar } from '../controls/Bar';
import { Dialog } from '../controls/Dialog';
import { FailureNote } from '../controls/FailureNote';
import { bytes, counted } from '../controls/figures';
import { CustomGraph } from './CustomGraph';
import { CustomPreprocessing } from './CustomPreprocessing';
import { TrialOutcome } from './TrialOutcome';

interface Props {
  readonly file: string;
  readonly model: CustomModel;
  readonly images: string | undefined;
  readonly onClose: () => void;
  readonly onAdded: (id: string) => void;
}

/** How a model of somebody else is to be used. It can be kept once it has been tried, as it is set up now, on an image. */
export function CustomDialog({ file, model, images, onClose, onAdded }: Props) {
  const { bridge, problems } = useServices();
  const [wish, setWish] = useState<CustomEncoder>(model.suggestion);
  /** Numbers that cannot be read yet. */
  const [wrong, setWrong] = useState<string | null>(null);
  const [busy, setBusy] = useState<'trying' | 'keeping' | null>(null);
  const [failure, setFailure] = useState<Failure | null>(null);
  const [tried, setTried] = useState<{ readonly wish: CustomEncoder; readonly trial: CustomTrial } | null>(null);
  const change = (part: Partial<CustomEncoder>) => {
    setFailure(null);
    setWish({ ...wish, ...part });
  };
  const fits = tried !== null && sameUse(tried.wish, wish) && wrong === null;
  const tryIt = async (given?: string) => {
    setFailure(null);
    const picked = given === undefined ? await bridge.call('dialog.image', {}) : ok(given);
    if (!picked.ok) return setFailure(picked.failure);
    if (picked.value === null) return undefined;
    setBusy('trying');
    const trial = await bridge.call('custom.try', { file, wish, image: picked.value });
    setBusy(null);
    if (trial.ok) return setTried({ wish, trial: trial.value });
    return setFailure(trial.failure.code === 'stopped' ? null : trial.failure);
  };
  const keep = async () => {
    setBusy('keeping');
    const kept = await bridge.call('custom.keep', { file, wish });
    setBusy(null);
    if (!kept.ok) return setFailure(kept.failure.code === 'stopped' ? null : kept.failure);
    onAdded(kept.value.id);
    return onClose();
  };
  const stop = async () => {
    const stopped = await bridge.call('jobs.stop', { job: 'custom' });
    if (!stopped.ok) problems.failure(stopped.failure);
  };
  const named = wish.name.trim() !== '' && wish.output.trim() !== '';
  const footer = (
    <>
      <span className="muted" role="status">
        {wrong ?? (!named ? 'Give it a name and an output.' : fits ? '' : 'Try it on an image, then it can be added.')}
      </span>
      <span className="spacer" />
      <button className="button" onClick={onClose} disabled={busy !== null}>
        Cancel
      </button>
      {images !== undefined && (
        <button
          className="button"
          onClick={() => void tryIt(images)}
          disabled={busy !== null || wrong !== null || !named}
          data-testid="custom-try-own"
        >
          Try it on the first image of the project
        </button>
      )}
      <button className="button" onClick={() => void tryIt()} disabled={busy !== null || wrong !== null || !named} data-testid="custom-try">
        {images === undefined ? 'Try it on an image…' : 'On another image…'}
      </button>
      <button className="button primary" onClick={() => void keep()} disabled={!fits || !named || busy !== null} data-testid="custom-keep">
        Add to the library
      </button>
    </>
  );
  return createPortal(
    <Dialog title={`Use ${model.file}`} onClose={onClose} width="wide" testId="custom-dialog" footer={footer} busy={busy !== null}>
      <p className="muted">
        {bytes(model.bytes)}, {counted(model.nodes, 'operation')} of ONNX version {model.opset}
        {model.producer !== '' && `, made by ${model.producer}`}, weights in {model.precision}. Only operators of the runtime itself are
        used, and no code of the file&rsquo;s author.
      </p>
      <div className="custom-columns">
        <CustomGraph model={model} wish={wish} onChange={change} />
        <CustomPreprocessing wish={wish} onChange={change} onWrong={setWrong} />
      </div>
      {busy && (
        <div className="job" data-testid="custom-busy">
          <div className="job-line">
            <span>{busy === 'trying' ? 'Trying it in a process of its own' : 'Writing the encoder'}</span>
            <button className="button small" onClick={() => void stop()} data-testid="custom-stop">
              Stop
            </button>
          </div>
          <Bar fraction={null} label="The model is at work" />
        </div>
      )}
      {failure && <FailureNote failure={failure} />}
      {tried && <TrialOutcome trial={tried.trial} stale={!fits} />}
    </Dialog>,
    document.body,
  );
}

/** Name and licence do not change what comes out. */
const sameUse = (a: CustomEncoder, b: CustomEncoder) =>
  JSON.stringify({ ...a, name: '', licence: '' }) === JSON.stringify({ ...b, name: '', licence: '' });
