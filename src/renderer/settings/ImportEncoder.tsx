import { Download, Gauge } from 'lucide-react';
import { useState } from 'react';
import { fail, ok, type Failure, type Result } from '../../contract/result';
import { useServices } from '../app/environment';
import { FailureNote } from '../controls/FailureNote';
import { ImportDialog, type Chosen } from './ImportDialog';

interface Props {
  readonly onImported: (id: string) => void;
  /** A folder of images, where one is chosen already: int8 is calibrated on it. */
  readonly images?: string | undefined;
  /** Id of an encoder of the library, of whose file another version is to be made. */
  readonly of?: string;
}

/** Reads an EVA-X checkpoint that the person has. Nothing is executed and nothing is downloaded. */
export function ImportEncoder({ onImported, images, of }: Props) {
  const { bridge } = useServices();
  const [looking, setLooking] = useState(false);
  const [failure, setFailure] = useState<Failure | null>(null);
  const [chosen, setChosen] = useState<Chosen | null>(null);
  const choose = async (): Promise<Result<Chosen | null>> => {
    const source = of === undefined ? ok(null) : await bridge.call('encoders.source', { id: of });
    if (!source.ok) return source;
    const known = source.value?.path ?? null;
    const picked = known === null ? await bridge.call('dialog.checkpoint', {}) : ok(known);
    if (!picked.ok || picked.value === null) return picked.ok ? ok(null) : picked;
    setLooking(true);
    const facts = await bridge.call('encoders.inspect', { checkpoint: picked.value });
    setLooking(false);
    if (!facts.ok) return facts;
    if (source.value && source.value.sha256 !== facts.value.sha256)
      return fail('wrong-use', { reason: `${facts.value.file} is not the file that this encoder was made of (${source.value.file})` });
    return ok({ checkpoint: picked.value, facts: facts.value, precision: of === undefined ? 'fp32' : 'int8' });
  };
  const run = async () => {
    setFailure(null);
    const found = await choose();
    if (!found.ok) return setFailure(found.failure);
    return setChosen(found.value);
  };
  return (
    <div className="import">
      <button
        type="button"
        className="button"
        onClick={() => void run()}
        disabled={looking}
        data-testid={of === undefined ? 'import-encoder' : 'make-version'}
      >
        {of === undefined ? <Download size={14} aria-hidden /> : <Gauge size={14} aria-hidden />}{' '}
        {looking ? 'Looking at the file…' : of === undefined ? 'Import EVA-X checkpoint…' : 'Make a quicker version (int8)…'}
      </button>
      {failure && <FailureNote failure={failure} />}
      {chosen && <ImportDialog chosen={chosen} images={images} onClose={() => setChosen(null)} onImported={onImported} />}
    </div>
  );
}
