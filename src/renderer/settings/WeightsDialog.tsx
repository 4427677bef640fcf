import { useState } from 'react';
import { createPortal } from 'react-dom';
import type { Weights, WeightsName } from '../../contract/weights';
import { useServices } from '../app/environment';
import { useSignal } from '../app/signal';
import { Bar } from '../controls/Bar';
import { Dialog } from '../controls/Dialog';
import { FailureNote } from '../controls/FailureNote';
import { duration, megabytes } from '../controls/figures';
import { JobProgress } from '../controls/JobProgress';
import { ImportEncoder } from './ImportEncoder';
import { isBusy } from './use-weights';

interface Props {
  readonly weights: readonly Weights[];
  /** Of the environment. */
  readonly proxy: string | null;
  readonly first: WeightsName;
  /** A folder of images, where one is chosen already. */
  readonly images: string | undefined;
  readonly onClose: () => void;
  readonly onImported: (id: string) => void;
}

const about: Record<WeightsName, string> = {
  'eva-x-tiny': 'The quickest: about a quarter of the work of S.',
  'eva-x-small': 'The usual choice.',
  'eva-x-base': 'About four times the work of S, for a little more.',
};

/** Asks the network for the weights only when the person says so here, and says before and meanwhile who is asked. */
export function WeightsDialog({ weights, proxy, first, images, onClose, onImported }: Props) {
  const { bridge, problems } = useServices();
  const [name, setName] = useState(first);
  const busy = weights.find(isBusy);
  const chosen = busy ?? weights.find((each) => each.name === name);
  if (!chosen) return null;
  const ask = (method: 'weights.pause' | 'weights.discard') => async () => {
    const result = await bridge.call(method, { name: chosen.name });
    if (!result.ok) problems.failure(result.failure);
  };
  // Why it failed is part of what main tells of it.
  const get = () => void bridge.call('weights.get', { name: chosen.name });
  const imported = (id: string) => {
    onImported(id);
    onClose();
  };
  const footer = (
    <>
      {(chosen.state === 'part' || chosen.state === 'whole') && (
        <button className="button" onClick={() => void ask('weights.discard')()} data-testid="weights-discard">
          Remove the {chosen.state === 'part' ? 'part' : 'downloaded file'} ({megabytes(chosen.done)} MB)
        </button>
      )}
      <span className="spacer" />
      <button className="button" onClick={onClose}>
        {busy ? 'Close, and go on' : 'Close'}
      </button>
      <Action weights={chosen} onGet={get} onPause={() => void ask('weights.pause')()} onDone={onClose} />
    </>
  );
  return createPortal(
    <Dialog title="Get EVA-X" onClose={onClose} testId="weights-dialog" footer={footer}>
      <fieldset disabled={busy !== undefined}>
        <legend>Size of the encoder</legend>
        {weights.map((each) => (
          <label key={each.name} className="choice">
            <input
              type="radio"
              name="weights"
              checked={each === chosen}
              onChange={() => setName(each.name)}
              data-testid={`weights-${each.name}`}
            />
            <span>
              <strong>
                {each.title}, {megabytes(each.total)} MB {each.state === 'part' && `(${megabytes(each.done)} MB are here)`}
                {each.state === 'whole' && '(downloaded)'}
              </strong>
              <span className="muted">{about[each.name]}</span>
            </span>
          </label>
        ))}
      </fieldset>
      <Progress weights={chosen} />
      {chosen.encoder !== null && <ImportEncoder of={chosen.encoder} images={images} onImported={imported} />}
      <Hosts weights={chosen} proxy={proxy} />
      <fieldset className="paragraphs">
        <legend>Without a network</legend>
        <p className="muted">Fetch this address on another computer, bring the file here, and choose it:</p>
        <p className="path">{chosen.url}</p>
        <ImportEncoder onImported={imported} images={images} />
      </fieldset>
    </Dialog>,
    document.body,
  );
}

interface ActionProps {
  readonly weights: Weights;
  readonly onGet: () => void;
  readonly onPause: () => void;
  readonly onDone: () => void;
}

function Action({ weights, onGet, onPause, onDone }: ActionProps) {
  const { state, done, total, url, encoder } = weights;
  if (state === 'importing') return null;
  if (isBusy(weights)) {
    return (
      <button className="button primary" onClick={onPause} data-testid="weights-pause">
        Pause
      </button>
    );
  }
  if (encoder !== null) {
    return (
      <button className="button primary" onClick={onDone} data-testid="weights-done">
        Done
      </button>
    );
  }
  return (
    <button className="button primary" onClick={onGet} data-testid="weights-get">
      {state === 'absent' && `Download ${megabytes(total)} MB from ${new URL(url).host}`}
      {state === 'part' && `Go on (${megabytes(total - done)} MB left)`}
      {state === 'whole' && 'Import the downloaded file'}
    </button>
  );
}

function Progress({ weights }: { readonly weights: Weights }) {
  const { title, state, done, total, rate, secondsLeft, failure, encoder } = weights;
  if (encoder !== null) {
    return (
      <p role="status" data-testid="weights-ready">
        {title} is ready to use. Its SHA-256 is the one that the host states.
      </p>
    );
  }
  if (state === 'importing') return <JobProgress job="import" title="Reading the checkpoint" />;
  return (
    <>
      {state !== 'absent' && state !== 'whole' && (
        <div className="job" data-testid="weights-progress" data-state={state}>
          <div className="job-line">
            <span>{words[state]}</span>
            <span className="figures">
              {(done / 1e6).toFixed(1)} of {(total / 1e6).toFixed(1)} MB
              {rate !== null && `, ${(rate / 1e6).toFixed(1)} MB/s`}
              {secondsLeft !== null && `, ${duration(secondsLeft)} left`}
            </span>
          </div>
          <Bar fraction={done / total} label={`Download of ${title}`} />
        </div>
      )}
      {failure && <FailureNote failure={failure} />}
    </>
  );
}

const words = { asking: 'Asking', running: 'Downloading', retrying: 'It broke off; trying again', part: 'Paused' } as const;

/** Promise of the app: nobody is asked before the click, and everybody who is asked is named. */
function Hosts({ weights, proxy }: { readonly weights: Weights; readonly proxy: string | null }) {
  const { settings } = useServices();
  const { mirror } = useSignal(settings.current);
  const { url, hosts } = weights;
  const { host } = new URL(url);
  const [asked = host, ...onwards] = hosts;
  return (
    <fieldset className="paragraphs">
      <legend>Who is asked</legend>
      <ol className="hosts" data-testid="weights-hosts">
        <li>
          <code>{asked}</code>
          {mirror === ''
            ? ", the page of EVA-X's authors: it states the SHA-256 of the file"
            : ', the mirror in your settings: it states the SHA-256 of the file'}
        </li>
        {onwards.map((each) => (
          <li key={each}>
            <code>{each}</code>, the store that it sends on to: the bytes come from there
          </li>
        ))}
        {onwards.length === 0 && <li className="muted">the store that it sends on to; named here as soon as it is known</li>}
      </ol>
      <p className="muted">
        Nobody before you click{proxy === null ? '' : `, and through the proxy ${proxy} of this computer`}. Nothing of your images or labels
        is sent.
      </p>
      <p className="muted">
        The weights of EVA-X state no licence (their page shows an MIT badge): ask their authors before you pass them on.
      </p>
    </fieldset>
  );
}
