import { Download } from 'lucide-react';
import { useState } from 'react';
import type { BridgeService } from '../../contract/bridge';
import type { Failure } from '../../contract/result';
import type { z } from 'zod';
import { useServices } from '../app/environment';
import { FailureNote } from '../controls/FailureNote';
import { ImportDialog } from './ImportDialog';

interface Props {
  readonly onImported: (id: string) => void;
  /** A folder of images, where one is chosen already: int8 is calibrated on it. */
  readonly images?: string | undefined;
}

/** What was found in the chosen file. */
export interface Chosen {
  readonly checkpoint: string;
  readonly facts: z.infer<BridgeService['methods']['encoders.inspect']['result']>;
}

/** Reads an EVA-X checkpoint that the person has. Nothing is executed and nothing is downloaded. */
export function ImportEncoder({ onImported, images }: Props) {
  const { bridge } = useServices();
  const [looking, setLooking] = useState(false);
  const [failure, setFailure] = useState<Failure | null>(null);
  const [chosen, setChosen] = useState<Chosen | null>(null);
  const run = async () => {
    setFailure(null);
    const picked = await bridge.call('dialog.checkpoint', {});
    if (!picked.ok) return setFailure(picked.failure);
    if (picked.value === null) return undefined;
    setLooking(true);
    const facts = await bridge.call('encoders.inspect', { checkpoint: picked.value });
    setLooking(false);
    if (facts.ok) return setChosen({ checkpoint: picked.value, facts: facts.value });
    return setFailure(facts.failure);
  };
  return (
    <div className="import">
      <button type="button" className="button" onClick={() => void run()} disabled={looking} data-testid="import-encoder">
        <Download size={14} aria-hidden /> {looking ? 'Looking at the file…' : 'Import EVA-X checkpoint…'}
      </button>
      {failure && <FailureNote failure={failure} />}
      {chosen && <ImportDialog chosen={chosen} images={images} onClose={() => setChosen(null)} onImported={onImported} />}
    </div>
  );
}
