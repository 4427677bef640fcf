import { Boxes } from 'lucide-react';
import { useState } from 'react';
import type { CustomModel } from '../../contract/custom-encoder';
import type { Failure } from '../../contract/result';
import { useServices } from '../app/environment';
import { FailureNote } from '../controls/FailureNote';
import { CustomDialog } from './CustomDialog';

interface Props {
  readonly onAdded: (id: string) => void;
  /** A folder of images, where one is chosen already: the model is tried on its first one. */
  readonly images: string | undefined;
}

/** An ONNX model of somebody else: chosen, looked at, and then set up and tried in a dialog before it is kept. */
export function AddCustom({ onAdded, images }: Props) {
  const { bridge } = useServices();
  const [looking, setLooking] = useState(false);
  const [failure, setFailure] = useState<Failure | null>(null);
  const [found, setFound] = useState<{ readonly file: string; readonly model: CustomModel } | null>(null);
  const choose = async () => {
    setFailure(null);
    const picked = await bridge.call('dialog.onnx', {});
    if (!picked.ok) return setFailure(picked.failure);
    const file = picked.value;
    if (file === null) return undefined;
    setLooking(true);
    const model = await bridge.call('custom.inspect', { file });
    setLooking(false);
    if (model.ok) return setFound({ file, model: model.value });
    return setFailure(model.failure);
  };
  return (
    <div className="import">
      <button type="button" className="button" onClick={() => void choose()} disabled={looking} data-testid="add-custom">
        <Boxes size={14} aria-hidden /> {looking ? 'Looking at the file…' : 'Use another ONNX model…'}
      </button>
      {failure && <FailureNote failure={failure} />}
      {found && <CustomDialog {...found} images={images} onClose={() => setFound(null)} onAdded={onAdded} />}
    </div>
  );
}
