import { useEffect, useState } from 'react';
import type { AppSettings } from '../../contract/bridge';
import { useServices } from '../app/environment';
import { useSignal } from '../app/signal';
import { Dialog } from '../controls/Dialog';
import { bytes } from '../controls/figures';
import { ImportEncoder } from './ImportEncoder';
import { useEncoders } from './use-encoders';
import './settings.css';

const themes: readonly { readonly theme: AppSettings['theme']; readonly title: string }[] = [
  { theme: 'system', title: 'As the system' },
  { theme: 'light', title: 'Light' },
  { theme: 'dark', title: 'Dark' },
];

export function SettingsDialog({ onClose, onAbout }: { readonly onClose: () => void; readonly onAbout: () => void }) {
  const { settings } = useServices();
  const current = useSignal(settings.current);
  const [name, setName] = useState(current.annotator);
  const rename = () => {
    const trimmed = name.trim();
    if (trimmed !== '' && trimmed !== current.annotator) void settings.change({ annotator: trimmed });
    else setName(current.annotator);
  };
  const footer = (
    <>
      <button className="button" onClick={onAbout}>
        About Collimate
      </button>
      <span className="spacer" />
      <button className="button primary" onClick={onClose}>
        Done
      </button>
    </>
  );
  return (
    <Dialog title="Settings" onClose={onClose} testId="settings-dialog" footer={footer}>
      <div className="settings">
        <fieldset className="settings-line">
          <legend>Appearance</legend>
          <div className="segments" role="group" aria-label="Appearance">
            {themes.map(({ theme, title }) => (
              <button
                key={theme}
                type="button"
                aria-pressed={current.theme === theme}
                onClick={() => void settings.change({ theme })}
                data-testid={`theme-${theme}`}
              >
                {title}
              </button>
            ))}
          </div>
        </fieldset>
        <fieldset className="settings-line">
          <legend>Proposals</legend>
          <label className="choice">
            <input
              type="checkbox"
              checked={current.hideProposals}
              onChange={(event) => void settings.change({ hideProposals: event.target.checked })}
            />
            <span>
              <strong>Hide proposals while labeling</strong>
              <span className="muted">A score beside an image influences the person who reads it. H switches it at any time.</span>
            </span>
          </label>
        </fieldset>
        <fieldset className="settings-line">
          <legend>
            <label htmlFor="annotator">Annotator</label>
          </legend>
          <input
            id="annotator"
            type="text"
            value={name}
            maxLength={80}
            onChange={(event) => setName(event.target.value)}
            onBlur={rename}
            data-testid="annotator"
          />
          <p className="muted">Stands beside every label in the journal and in exports, in projects that are made from now on.</p>
        </fieldset>
        <fieldset className="settings-line">
          <legend>Encoders</legend>
          <Encoders />
        </fieldset>
        <fieldset className="settings-line">
          <legend>Projects and labels</legend>
          <Profile />
        </fieldset>
      </div>
    </Dialog>
  );
}

/** Where everything is that Collimate writes. */
function Profile() {
  const { bridge } = useServices();
  const [profile, setProfile] = useState('');
  useEffect(() => {
    void bridge.call('app.info', {}).then((result) => {
      if (result.ok) setProfile(result.value.profile);
    });
  }, [bridge]);
  return (
    <p className="path" data-testid="profile">
      {profile}
    </p>
  );
}

function Encoders() {
  const { encoders, reload } = useEncoders();
  return (
    <div className="encoder-list">
      <ul>
        {encoders.map(({ card, bytes: size, builtin }) => (
          <li key={card.id} data-testid="encoder">
            <strong>{card.name}</strong>
            {builtin && <span className="badge">baseline</span>}
            <span className="muted">
              {card.source && `from ${card.source.file} · `}
              {card.outputs.embedding} features · {card.precision} · {bytes(size)}
            </span>
            <code title={card.id}>{card.id.slice(0, 16)}…</code>
            <span className="muted">{card.licence}</span>
          </li>
        ))}
      </ul>
      <ImportEncoder onImported={reload} />
    </div>
  );
}
