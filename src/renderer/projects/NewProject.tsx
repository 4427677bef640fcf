import { FolderOpen } from 'lucide-react';
import { useId, useMemo, useState } from 'react';
import type { EncoderCard } from '../../contract/encoder-card';
import { readyColumns, readyNames } from '../../contract/ready-head';
import { BUILTIN_ENCODER, type FrameChoice, type Id, type Task } from '../../contract/model';
import type { Failure } from '../../contract/result';
import { useServices } from '../app/environment';
import { Dialog } from '../controls/Dialog';
import { FailureNote } from '../controls/FailureNote';
import { count, counted } from '../controls/figures';
import { MetadataEditor, type MetadataChoice } from '../metadata/MetadataEditor';
import { EncoderChoice } from './EncoderChoice';
import { draftedFrom, normal, presetOf, problemOf, type FindingDraft, type Preset } from './findings';
import { FindingsEditor } from './FindingsEditor';
import { FramesChoice } from './FramesChoice';
import { useEncoders } from '../settings/use-encoders';
import { tasks } from './tasks';

interface Look {
  readonly images: number;
  readonly more: boolean;
  readonly examples: readonly string[];
  readonly frames: 'none' | 'possible' | 'found';
}

/** Folder, task, findings, encoder: one page, nothing hidden behind "next". */
export function NewProject({ onClose, onCreated }: { readonly onClose: () => void; readonly onCreated: (project: Id) => void }) {
  const { bridge } = useServices();
  const [folder, setFolder] = useState('');
  const [look, setLook] = useState<Look | null>(null);
  const [name, setName] = useState('');
  const [chosenTask, setTask] = useState<Task | null>(null);
  const [chosenDrafts, setDrafts] = useState<readonly FindingDraft[] | null>(null);
  const [encoder, setEncoder] = useState<string>(BUILTIN_ENCODER);
  const { encoders, reload } = useEncoders();
  const card = encoders.find((each) => each.card.id === encoder)?.card;
  const own = useMemo(() => presetOf(card), [card]);
  // Until the person has a say, the findings are those that the encoder brings.
  const offered = useMemo(() => draftedFrom(own ?? normal), [own]);
  const task = chosenTask ?? (own ?? normal).task;
  const drafts = chosenDrafts ?? offered;
  const [frames, setFrames] = useState<FrameChoice>('all');
  const [failure, setFailure] = useState<Failure | null>(null);
  const [metadata, setMetadata] = useState<MetadataChoice>({ ready: true, rule: null });
  const [more, setMore] = useState(false);
  const [busy, setBusy] = useState(false);
  const nameId = useId();
  const form = useId();

  const take = (preset: Preset) => {
    setTask(preset.task);
    setDrafts(draftedFrom(preset));
  };
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
    const findings = drafts.map(({ name: finding, hotkey, colour, ready }) => ({
      name: finding.trim(),
      hotkey,
      colour,
      ...(ready === undefined ? {} : { ready }),
    }));
    const rule = metadata.ready ? metadata.rule : null;
    const result = await bridge.call('projects.create', {
      name: name.trim(),
      folder,
      task,
      findings,
      encoder,
      frames,
      ...(rule ? { metadata: rule } : {}),
    });
    setBusy(false);
    if (result.ok) onCreated(result.value.id);
    else setFailure(result.failure);
  };
  const problem = problemOf(drafts);
  const missing =
    folder === ''
      ? 'Choose a folder.'
      : name.trim() === ''
        ? 'Give the project a name.'
        : (problem ?? (metadata.ready ? null : 'Patients and views are not settled yet.'));
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
            {look && look.frames !== 'none' && <FramesChoice chosen={frames} found={look.frames === 'found'} onChoose={setFrames} />}
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
            <EncoderChoice
              chosen={encoder}
              images={folder === '' ? undefined : folder}
              onChoose={(id) => {
                reload();
                setEncoder(id);
              }}
            />
          </fieldset>
          <details className="more" open={more} onToggle={({ currentTarget }) => setMore(currentTarget.open)} data-testid="more">
            <summary>More: patients and views</summary>
            {folder === '' ? (
              <p className="muted">Choose the folder first.</p>
            ) : (
              <MetadataEditor key={folder} of={{ folder }} onChange={setMetadata} />
            )}
          </details>
        </div>
        <div className="new-project-column">
          <fieldset>
            <legend>Findings</legend>
            {card?.head && <OwnHead task={task} drafts={drafts} head={card.head} />}
            <FindingsEditor drafts={drafts} own={own} onChange={setDrafts} onPreset={take} />
          </fieldset>
        </div>
      </form>
      {failure && <FailureNote failure={failure} />}
    </Dialog>
  );
}

/** What the encoder's own head will propose in a project of these findings. */
function OwnHead({ task, drafts, head }: { task: Task; drafts: readonly FindingDraft[]; head: NonNullable<EncoderCard['head']> }) {
  const columns = readyColumns(task, readyNames(drafts), { task: head.task ?? 'multilabel', findings: head.findings });
  const known = columns?.filter((column) => column !== null).length ?? 0;
  return (
    <p className="muted own-head" data-testid="own-head">
      {known === 0
        ? `The encoder’s file brings a head of its own for ${counted(head.findings.length, 'finding')}; none of these is among them, or the task is another one.`
        : `${known === drafts.length ? 'All of these' : `${count(known)} of these ${count(drafts.length)}`} have proposals from the first image on, from the encoder file’s own head. They are marked as not checked on your images until your labels check them.`}
    </p>
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
