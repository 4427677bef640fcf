import { FileQuestion, ImageOff } from 'lucide-react';
import { useState } from 'react';
import { imageName } from '../../contract/frames';
import type { Id } from '../../contract/model';
import { useServices } from '../app/environment';
import { useSession } from '../app/session-context';
import { useSignal } from '../app/signal';
import { useImage } from './use-labels';

/** The small picture of an image; where there is none, or no file any more, a quiet tile with the file's name. */
export function Thumbnail({ image, lazy = false }: { readonly image: Id; readonly lazy?: boolean }) {
  const { pictures } = useServices();
  const { id: project, missing, thumbnailTurn } = useSession();
  const gone = useSignal(missing).has(image);
  const { record } = useImage(image);
  const path = record ? imageName(record) : image;
  const turn = useSignal(thumbnailTurn);
  const [failed, setFailed] = useState<{ readonly image: Id; readonly turn: number } | null>(null);
  if (gone) {
    return (
      <span className="no-thumbnail" role="img" aria-label={`${path}, whose file is missing`} data-testid="missing-file">
        <FileQuestion size={16} aria-hidden />
        <span>{path.split('/').at(-1)}</span>
        <span className="no-thumbnail-reason">file is missing</span>
      </span>
    );
  }
  if (failed?.image === image && failed.turn === turn) {
    return (
      <span className="no-thumbnail" role="img" aria-label={`${path}, which cannot be shown`} data-testid="no-thumbnail">
        <ImageOff size={16} aria-hidden />
        <span>{path.split('/').at(-1)}</span>
      </span>
    );
  }
  return (
    <img
      src={pictures.thumbnail(project, image)}
      alt={path}
      draggable={false}
      loading={lazy ? 'lazy' : 'eager'}
      decoding="async"
      onError={() => setFailed({ image, turn })}
    />
  );
}
