import { Globe } from 'lucide-react';
import { useCallback, useEffect, useRef, useState } from 'react';
import { useServices } from '../app/environment';
import { useSignal } from '../app/signal';
import { Bar } from '../controls/Bar';
import { megabytes } from '../controls/figures';
import { isBusy, useWeights } from './use-weights';
import { WeightsDialog } from './WeightsDialog';

/** The way to EVA-X's published weights: a button that opens the dialog in which the download is asked for, and how far it is. */
export function GetWeights(props: Props) {
  const { settings } = useServices();
  const { mirror } = useSignal(settings.current);
  // Another mirror, other addresses: all is asked again.
  return <FromMirror key={mirror} {...props} />;
}

interface Props {
  readonly onImported: (id: string) => void;
  /** A folder of images, where one is chosen already. */
  readonly images: string | undefined;
}

function FromMirror({ onImported, images }: Props) {
  const [open, setOpen] = useState(false);
  const latest = useRef(onImported);
  useEffect(() => {
    latest.current = onImported;
  });
  const { weights, proxy } = useWeights(useCallback((id: string) => latest.current(id), []));
  const shown = weights.find(isBusy) ?? weights.find(({ state }) => state === 'part') ?? weights.find(({ name }) => name === 'eva-x-small');
  if (!shown) return null;
  const { title, state, done, total } = shown;
  const busy = isBusy(shown);
  const ofTotal = `${megabytes(done)} of ${megabytes(total)} MB`;
  return (
    <>
      <button type="button" className="button" onClick={() => setOpen(true)} data-testid="get-weights">
        <Globe size={14} aria-hidden />
        {busy && ` ${title}: ${state === 'importing' ? 'reading it' : ofTotal}…`}
        {state === 'part' && ` Go on with ${title} (${ofTotal})…`}
        {!busy && state !== 'part' && ` Get ${title} (${megabytes(total)} MB)…`}
      </button>
      {busy && <Bar fraction={done / total} label={`Download of ${title}`} />}
      {open && (
        <WeightsDialog
          weights={weights}
          proxy={proxy}
          first={shown.name}
          images={images}
          onClose={() => setOpen(false)}
          onImported={onImported}
        />
      )}
    </>
  );
}
