import { useEffect, useState } from 'react';
import type { AppSettings } from '../../contract/views';
import { useServices } from '../app/environment';
import { useSignal } from '../app/signal';

const themes: readonly { readonly theme: AppSettings['theme']; readonly title: string }[] = [
  { theme: 'system', title: 'As the system' },
  { theme: 'light', title: 'Light' },
  { theme: 'dark', title: 'Dark' },
];

export function GeneralPage() {
  const { settings } = useServices();
  const current = useSignal(settings.current);
  const [name, setName] = useState(current.annotator);
  const rename = () => {
    const trimmed = name.trim();
    if (trimmed !== '' && trimmed !== current.annotator) void settings.change({ annotator: trimmed });
    else setName(current.annotator);
  };
  return (
    <>
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
        <legend>Patients</legend>
        <label className="choice">
          <input
            type="checkbox"
            checked={current.showPatients}
            onChange={(event) => void settings.change({ showPatients: event.target.checked })}
          />
          <span>
            <strong>Show the patient on the image</strong>
            <span className="muted">Projects keep patients as hashes. The id is read from its file each time and stored nowhere.</span>
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
        <legend>Projects and labels</legend>
        <Profile />
      </fieldset>
    </>
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
