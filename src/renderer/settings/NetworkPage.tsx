import { useEffect, useId, useState } from 'react';
import { mirrorProblem } from '../../contract/address';
import { useServices } from '../app/environment';
import { useSignal } from '../app/signal';

export function NetworkPage() {
  const { bridge, problems, settings } = useServices();
  const { mirror } = useSignal(settings.current);
  const [text, setText] = useState(mirror);
  const [proxy, setProxy] = useState<string | null>(null);
  const field = useId();
  const wrong = mirrorProblem(text.trim());
  useEffect(() => {
    void bridge.call('weights.list', {}).then((result) => {
      if (result.ok) setProxy(result.value.proxy);
      else problems.failure(result.failure);
    });
  }, [bridge, problems]);
  const keep = () => {
    if (wrong === null && text.trim() !== mirror) void settings.change({ mirror: text.trim() });
  };
  return (
    <>
      <fieldset className="settings-line">
        <legend>When the network is used</legend>
        <p>
          Only when you ask for the weights of EVA-X under Encoders. Nothing else goes out: no images, no labels, no statistics, no search
          for updates.
        </p>
      </fieldset>
      <fieldset className="settings-line">
        <legend>
          <label htmlFor={field}>Mirror of Hugging Face</label>
        </legend>
        <input
          id={field}
          type="text"
          value={text}
          placeholder="https://huggingface.co"
          spellCheck={false}
          onChange={(event) => setText(event.target.value)}
          onBlur={keep}
          aria-invalid={wrong !== null}
          aria-describedby={`${field}-about`}
          data-testid="mirror"
        />
        <p id={`${field}-about`} className={wrong === null ? 'muted' : 'warning'} data-testid="mirror-about">
          {wrong ??
            'An address inside your hospital or institute that holds the same files under the same paths. Empty: Hugging Face itself.'}
        </p>
      </fieldset>
      <fieldset className="settings-line">
        <legend>Proxy</legend>
        <p data-testid="proxy">
          {proxy === null
            ? 'None is set for it in the environment of this computer.'
            : `${proxy}, as the environment of this computer says.`}
        </p>
        <p className="muted">Taken from HTTPS_PROXY, ALL_PROXY and NO_PROXY when Collimate starts.</p>
      </fieldset>
    </>
  );
}
