import { useEffect, useRef } from 'react';
import type { CustomTrial } from '../../contract/custom-encoder';
import { count, milliseconds } from '../controls/figures';

/** The tile that the model saw, and what came out. */
export function TrialOutcome({ trial, stale }: { readonly trial: CustomTrial; readonly stale: boolean }) {
  const { tile, d, norm, mean, deviation, milliseconds: time, single } = trial;
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const context = canvas.current?.getContext('2d');
    if (!context) return;
    const image = context.createImageData(tile.size, tile.size);
    for (let i = 0; i < tile.size * tile.size; i++) {
      for (let c = 0; c < 3; c++) image.data[i * 4 + c] = tile.data[i * tile.channels + (tile.channels === 3 ? c : 0)] ?? 0;
      image.data[i * 4 + 3] = 255;
    }
    context.putImageData(image, 0, 0);
  }, [tile]);
  return (
    <section className={stale ? 'trial stale' : 'trial'} aria-label="What came out" data-testid="custom-trial">
      <canvas ref={canvas} width={tile.size} height={tile.size} role="img" aria-label="The image as the model sees it" />
      <dl className="facts">
        <div>
          <dt>Sees</dt>
          <dd>
            {tile.size} x {tile.size} pixels
          </dd>
        </div>
        <div>
          <dt>Gives</dt>
          <dd>
            [N, {d}]: {count(d)} features an image
          </dd>
        </div>
        <div>
          <dt>Norm</dt>
          <dd>
            {norm.toPrecision(4)} (mean {mean.toPrecision(2)}, deviation {deviation.toPrecision(2)})
          </dd>
        </div>
        <div>
          <dt>Takes</dt>
          <dd>
            {time < 1 ? 'under 1 ms' : milliseconds(time)} an image on the processor
            {single ? ', one image after the other: it takes no more at once' : ''}
          </dd>
        </div>
        {stale && (
          <div>
            <dt>But</dt>
            <dd>the settings were changed since: try it again.</dd>
          </div>
        )}
      </dl>
    </section>
  );
}
