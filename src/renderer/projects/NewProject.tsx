import { FolderOpen } from 'lucide-react';
import { useId, useState } from 'react';
import { BUILTIN_ENCODER, type Id, type Task } from '../../contract/model';
import type { Failure } from '../../contract/result';
import { useServices } from '../app/environment';
import { Dialog } from '../controls/Dialog';
import { FailureNote } from '../controls/FailureNote';
import { counted } from '../controls/figures';
import { EncoderChoice } from './EncoderChoice';
import { drafted, presets, problemOf, type FindingDraft } from './findings';
import { FindingsEditor } from './FindingsEditor';
import { tasks } from './tasks';

interface Look {
  readonly images: number;
  readonly more: boolean;
  readonly examples: readonly string[];
}

/** Folder, task, findings, encoder: one page, nothing hidden behind "next". */
export function NewProject({ onClose, onCreated }: { readonly onClose: () => void; readonly onCreated: (project: Id) => void }) {
  const { bridge } = useServices();
  const [folder, setFolder] = useState('');
  const [look, setLook] = useState<Look | null>(null);
  const [name, setName] = useState('');
  const [task, setTask] = useState<Task>('multiclass');
  const [drafts, setDrafts] = useState<readonly FindingDraft[]>(() => drafted(presets[0]?.names ?? []));
  const [encoder, setEncoder] = useState<string>(BUILTIN_ENCODER);
  const [failure, setFailure] = useState<Failure | null>(null);
  const [busy, setBusy] = useState(false);
  const nameId = useId();
  const form = useId();

  const choose = async () => {
    setFailure(null);
    const chosen = await bridge.call('dialog.folder', { title: 'Folder with chest radiographs' });
    if (!chosen.ok) return setFailure(chosen.failure);
    const path = chosen.value;
    if (path === null) return undefined;
    setFolder(path);
    setLook(null);
    setName((given) => (given.trim() === '' ? lastPart(path) : given));
    const result = await bridge.call('projects.inspect', { folder: path });
    if (result.ok) return setLook(result.value);
    return setFailure(result.failure);
  };
  const create = async () => {
    setBusy(true);
    setFailure(null);
    const findings = drafts.map(({ name: finding, hotkey, colour }) => ({ name: finding.trim(), hotkey, colour }));
    const result = await bridge.call('projects.create', { name: name.trim(), folder, task, findings, encoder });
    setBusy(false);
    if (result.ok) onCreated(result.value.id);
    else setFailure(result.failure);
  };
  const problem = problemOf(drafts);
  const missing = folder === '' ? 'Choose a folder.' : name.trim() === '' ? 'Give the project a name.' : problem;
  const footer = (
    <>
      <span className="muted" role="status">
        {missing ?? (look?.images === 0 && !look.more ? 'There are no images in this folder yet.' : '')}
      </span>
      <span className="spacer" />
      <button className="button" onClick={onClose} disabled={busy}>
        Cancel
      </button>
      <button className="button primary" type="submit" form={form} disabled={busy || missing !== null} data-testid="create-project">
        Create the project
      </button>
    </>
  );
  return (
    <Dialog title="New project" onClose={onClose} width="wide" testId="new-project-dialog" footer={footer} busy={busy}>
      <form
        id={form}
        className="new-project"
        onSubmit={(event) => {
          event.preventDefault();
          void create();
        }}
      >
        <div className="new-project-column">
          <fieldset>
            <legend>Folder</legend>
            <div className="row">
              <button type="button" className="button" onClick={() => void choose()} data-testid="choose-folder">
                <FolderOpen size={14} aria-hidden /> Choose a folder…
              </button>
            </div>
            <p className="folder-path" data-testid="folder-path" title={folder}>
              {folder === '' ? 'DICOM, PNG, JPEG, WebP or TIFF, also in subfolders. The images are only read.' : folder}
            </p>
            {look && <FolderLook look={look} />}
          </fieldset>
          <fieldset>
            <legend>
              <label htmlFor={nameId}>Name</label>
            </legend>
            <input
              id={nameId}
              type="text"
              value={name}
              maxLength={120}
              onChange={(event) => setName(event.target.value)}
              data-testid="project-name"
            />
          </fieldset>
          <fieldset>
            <legend>Task</legend>
            {tasks.map((each) => (
              <label key={each.task} className="choice">
                <input
                  type="radio"
                  name="task"
                  checked={task === each.task}
                  onChange={() => setTask(each.task)}
                  data-testid={`task-${each.task}`}
                />
                <span>
                  <strong>{each.title}</strong>
                  <span className="muted">{each.about}</span>
                </span>
              </label>
            ))}
          </fieldset>
          <fieldset>
            <legend>Encoder</legend>
            <EncoderChoice chosen={encoder} onChoose={setEncoder} />
          </fieldset>
        </div>
        <div className="new-project-column">
          <fieldset>
            <legend>Findings</legend>
            <FindingsEditor
              drafts={drafts}
              onChange={setDrafts}
              onPreset={(preset) => {
                setTask(preset.task);
                setDrafts(drafted(preset.names));
              }}
            />
          </fieldset>
        </div>
      </form>
      {failure && <FailureNote failure={failure} />}
    </Dialog>
  );
}

function FolderLook({ look }: { readonly look: Look }) {
  return (
    <div className="folder-look" data-testid="folder-look">
      <strong>
        {look.more ? 'More than ' : ''}
        {counted(look.images, 'image')}
      </strong>
      <ul>
        {look.examples.slice(0, 4).map((example) => (
          <li key={example}>{example}</li>
        ))}
      </ul>
    </div>
  );
}

const lastPart = (path: string) => path.split(/[\\/]/).findLast((part) => part !== '') ?? path;
