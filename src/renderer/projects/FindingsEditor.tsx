import { Plus, Trash2 } from 'lucide-react';
import { findingKeys } from '../../contract/commands';
import type { Id } from '../../contract/model';
import { drafted, presets, type FindingDraft, type Preset } from './findings';

interface Props {
  readonly drafts: readonly FindingDraft[];
  readonly onChange: (drafts: readonly FindingDraft[]) => void;
  /** The list that the encoder brings; offered before the others. */
  readonly own?: Preset | null;
  /** Whether a finding that the project has already cannot be taken out. */
  readonly stays?: (finding: Id) => boolean;
  /** Lists to start from are offered. */
  readonly onPreset?: (preset: Preset) => void;
}

/** Names, keys and colours of the findings. */
export function FindingsEditor({ drafts, onChange, own, stays, onPreset }: Props) {
  const change = (key: number, patch: Partial<FindingDraft>) =>
    onChange(drafts.map((draft) => (draft.key === key ? { ...draft, ...patch } : draft)));
  return (
    <div className="findings-editor">
      {onPreset && (
        <div className="presets" role="group" aria-label="Start from a list">
          {[...(own ? [own] : []), ...presets].map((preset) => (
            <button
              key={preset.id}
              type="button"
              className="button small"
              onClick={() => onPreset(preset)}
              data-testid={`preset-${preset.id}`}
            >
              {preset.title}
            </button>
          ))}
        </div>
      )}
      <div className="finding-drafts" role="group" aria-label="Findings">
        {drafts.map((draft, i) => (
          <div key={draft.key} className="finding-draft" data-testid="finding-draft">
            <input
              type="color"
              value={draft.colour}
              aria-label={`Colour of finding ${String(i + 1)}`}
              onChange={(event) => change(draft.key, { colour: event.target.value })}
            />
            <input
              type="text"
              value={draft.name}
              maxLength={80}
              placeholder="Name of the finding"
              aria-label={`Name of finding ${String(i + 1)}`}
              data-testid={`finding-name-${String(i)}`}
              onChange={(event) => change(draft.key, { name: event.target.value })}
            />
            <select
              value={draft.hotkey}
              aria-label={`Key of finding ${String(i + 1)}`}
              data-testid={`finding-key-${String(i)}`}
              onChange={(event) => change(draft.key, { hotkey: event.target.value })}
            >
              {draft.hotkey === '' && <option value="">–</option>}
              {findingKeys.map((key) => (
                <option key={key} value={key}>
                  {key.toUpperCase()}
                </option>
              ))}
            </select>
            <button
              type="button"
              className="icon-button"
              aria-label={`Remove finding ${String(i + 1)}`}
              disabled={drafts.length <= 1 || (draft.id !== null && stays?.(draft.id) === true)}
              onClick={() => onChange(drafts.filter(({ key }) => key !== draft.key))}
            >
              <Trash2 size={16} aria-hidden />
            </button>
          </div>
        ))}
      </div>
      <button
        type="button"
        className="button small"
        disabled={drafts.length >= findingKeys.length}
        onClick={() => onChange(drafted([''], drafts))}
        data-testid="add-finding"
      >
        <Plus size={14} aria-hidden /> Add a finding
      </button>
    </div>
  );
}
