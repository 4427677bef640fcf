import { FolderOpen } from 'lucide-react';
import { Fragment, useState } from 'react';
import { createPortal } from 'react-dom';
import type { z } from 'zod';
import type { BridgeService } from '../../contract/bridge';
import type { ImportOutcome } from '../../contract/views';
import type { Precision, Preparation } from '../../contract/encoder-card';
import type { Task } from '../../contract/model';
import type { Failure } from '../../contract/result';
import { useServices } from '../app/environment';
import { Dialog } from '../controls/Dialog';
import { FailureNote } from '../controls/FailureNote';
import { count, counted, when } from '../controls/figures';
import { JobProgress } from '../controls/JobProgress';
import { HeadNames } from './HeadNames';
import { CropChoice, crops, isPrepared, PUBLISHED_SIZE, SizePreparation } from './ImagePreparation';
import { costOf, precisionName, precisions } from './precision';
import './import.css';

/** What was found in the chosen file. */
export interface Chosen {
  readonly checkpoint: string;
  readonly facts: z.infer<BridgeService['methods']['encoders.inspect']['result']>;
  /** To begin with. */
  readonly precision: Precision;
}

interface Props {
  readonly chosen: Chosen;
  readonly images: string | undefined;
  readonly onClose: () => void;
  readonly onImported: (id: string) => void;
}

/** What the file is, and what is to be made of it. The default needs no choice; what int8 costs is shown before it is kept. */
export function ImportDialog({ chosen: { checkpoint, facts, precision: first }, images: given, onClose, onImported }: Props) {
  const { bridge } = useServices();
  const { head } = facts;
  const [precision, setPrecision] = useState(first);
  // At 224 pixels images are prepared as it was published, unless another crop is chosen; null: not all of it is said.
  const [preparation, setPreparation] = useState<Preparation | null>(facts.preparation?.how ?? null);
  const { crop = 'official' } = preparation ?? {};
  const [images, setImages] = useState(given ?? '');
  const [names, setNames] = useState('');
  const [task, setTask] = useState<Task>(head?.task ?? 'multilabel');
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<Failure | null>(null);
  const [outcome, setOutcome] = useState<ImportOutcome | null>(null);
  const findings = names
    .split('\n')
    .map((name) => name.trim())
    .filter((name) => name !== '');
  // int8 hangs on the images as well, and what float16 costs is worth to be measured anew.
  const here = facts.here.find(
    ({ card }) => precision === 'fp32' && card.precision === precision && preparation && isPrepared(card.preprocessing, preparation),
  );
  const missing = preparation ? problemOf(facts, findings, precision, images) : 'Say how images become its input.';

  const finish = (id: string) => {
    onImported(id);
    onClose();
  };
  const run = async () => {
    setBusy(true);
    setFailure(null);
    const own = head ? { findings, task } : {};
    const prepared = preparation && Object.keys(preparation).length > 0 ? { preparation } : {};
    const wish = { checkpoint, ...prepared, precision, ...(precision === 'fp32' ? {} : { images }), ...own };
    const result = await bridge.call('encoders.import', wish);
    setBusy(false);
    if (!result.ok) return setFailure(result.failure.code === 'stopped' ? null : result.failure);
    if (result.value.outcome === 'added' || result.value.outcome === 'head-added') return finish(result.value.card.id);
    return setOutcome(result.value);
  };
  const decide = async (id: string, keep: boolean) => {
    const result = await bridge.call('encoders.keep', { id, keep });
    if (!result.ok) return setFailure(result.failure);
    return keep ? finish(id) : setOutcome(null);
  };
  const chooseImages = async () => {
    const picked = await bridge.call('dialog.folder', { title: 'Images like those to be embedded' });
    if (!picked.ok) return setFailure(picked.failure);
    return picked.value === null ? undefined : setImages(picked.value);
  };

  const offered = outcome?.outcome === 'offered' ? outcome.card : null;
  const footer = offered ? (
    <>
      <span className="spacer" />
      <button className="button" onClick={() => void decide(offered.id, false)} data-testid="import-discard">
        Throw away
      </button>
      <button className="button primary" onClick={() => void decide(offered.id, true)} data-testid="import-keep">
        Keep it
      </button>
    </>
  ) : (
    <>
      <span className="muted" role="status">
        {busy ? '' : missing}
      </span>
      <span className="spacer" />
      <button className="button" onClick={onClose} disabled={busy}>
        Cancel
      </button>
      {outcome || (here && (findings.length === 0 || !namesDiffer(here.card.head?.findings, findings))) ? (
        <button className="button primary" onClick={() => finish((outcome ?? here)?.card.id ?? '')} data-testid="import-use">
          Use the one that is here
        </button>
      ) : (
        <button className="button primary" onClick={() => void run()} disabled={busy || missing !== null} data-testid="import-run">
          Import
        </button>
      )}
    </>
  );
  // Escape is an answer, too: what was offered is not kept.
  const close = () => (offered ? void decide(offered.id, false).then(onClose) : onClose());
  return createPortal(
    <Dialog title="Import an encoder" onClose={close} testId="import-dialog" footer={footer} busy={busy}>
      <div className="import-what" data-testid="import-facts">
        <strong>{facts.name}</strong>
        <span className="muted">
          {facts.file}, {facts.size} x {facts.size} pixels, {facts.d} features
          {head ? `, fine-tuned for ${counted(head.classes, 'finding')}` : ''}. Nothing in the file is executed.
        </span>
        <AlreadyHere here={facts.here} outcome={outcome} />
      </div>
      {offered ? (
        <div className="measured" role="status" data-testid="import-measured">
          <strong>What {precisionName[offered.precision]} costs here</strong>
          <p>{costOf(offered)}</p>
          <p className="muted">
            Embeddings and heads belong to one encoder: what was made in float32 never mixes with it. Throw it away if more decisions change
            than you would accept.
          </p>
        </div>
      ) : (
        <>
          {facts.size !== PUBLISHED_SIZE && (
            <SizePreparation size={facts.size} stated={facts.preparation} disabled={busy} onChange={setPreparation} />
          )}
          {head && <HeadNames head={head} names={names} task={task} disabled={busy} onNames={setNames} onTask={setTask} />}
          <details className="precision" open={first !== 'fp32' || undefined}>
            <summary data-testid="import-precision">
              Precision: {precisionName[precision]}
              {facts.size === PUBLISHED_SIZE && crop !== 'official' && `; ${crops[crop]}`}
            </summary>
            <fieldset disabled={busy}>
              <legend className="visually-hidden">Precision</legend>
              {precisions.map((each) => (
                <Fragment key={each.precision}>
                  <label className="choice">
                    <input
                      type="radio"
                      name="precision"
                      checked={precision === each.precision}
                      onChange={() => setPrecision(each.precision)}
                      data-testid={`precision-${each.precision}`}
                    />
                    <span>
                      <strong>{each.title}</strong>
                      <span className="muted">{each.about}</span>
                    </span>
                  </label>
                  {each.precision === precision && precision !== 'fp32' && (
                    <div className="row">
                      <button type="button" className="button" onClick={() => void chooseImages()} data-testid="import-images">
                        <FolderOpen size={14} aria-hidden /> {precision === 'int8' ? 'Images to calibrate on…' : 'Images to measure on…'}
                      </button>
                      <span className="folder-path" data-testid="import-images-path" title={images}>
                        {images === '' ? 'A folder of images like those to be embedded; up to 128 of them are read.' : images}
                      </span>
                    </div>
                  )}
                </Fragment>
              ))}
              {facts.size === PUBLISHED_SIZE && (
                <CropChoice crop={crop} onCrop={(each) => setPreparation(each === 'official' ? {} : { crop: each })} />
              )}
            </fieldset>
          </details>
        </>
      )}
      {busy && <JobProgress job="import" title="Reading the checkpoint" />}
      {failure && <FailureNote failure={failure} />}
    </Dialog>,
    document.body,
  );
}

function problemOf({ head }: Chosen['facts'], findings: readonly string[], precision: Precision, images: string): string | null {
  if (head && findings.length !== head.classes)
    return `Name the ${counted(head.classes, 'finding')}, one a line: ${count(findings.length)} so far.`;
  if (new Set(findings.map((name) => name.toLowerCase())).size < findings.length) return 'Two findings have the same name.';
  return precision !== 'fp32' && images === '' ? `Choose images to ${precision === 'int8' ? 'calibrate' : 'measure'} on.` : null;
}

const namesDiffer = (before: readonly string[] | undefined, now: readonly string[]) => (before ?? []).join('\n') !== now.join('\n');

function AlreadyHere({ here, outcome }: { readonly here: Chosen['facts']['here']; readonly outcome: ImportOutcome | null }) {
  const known = outcome?.outcome === 'already' ? [outcome] : here;
  if (known.length === 0) return null;
  return (
    <p className="already" data-testid="import-here">
      {known.map(({ card, added }) => `Already here as ${card.name} in ${precisionName[card.precision]}, added ${when(added)}.`).join(' ')}
    </p>
  );
}
