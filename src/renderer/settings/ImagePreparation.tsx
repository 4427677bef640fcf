import { useId, useState } from 'react';
import { presets } from '../../contract/custom-encoder';
import { type Preparation, type Preprocessing, TileRecipe } from '../../contract/encoder-card';
import type { CheckpointFacts } from '../../contract/jobs/encoder';
import { levelsOf, numbersText } from './levels';

type Crop = TileRecipe['crop'];

/** At this size images are prepared as EVA-X was published. */
export const PUBLISHED_SIZE = 224;

/** The official one leaves an eighth of the short side out, where costophrenic angles and apices may lie. */
export const crops = {
  official: 'the centre crop of its training',
  pad: 'black bars, nothing cut off',
  squash: 'squashing, nothing cut off',
} as const;

/** Whether an encoder's images are prepared so, as far as it is said. */
export function isPrepared({ tile, normalise }: Preprocessing, { crop = 'official', resize, mean, std }: Preparation): boolean {
  const same = (a: number | readonly number[], b: number | readonly number[] | undefined) =>
    b === undefined || [a].flat().join() === [b].flat().join();
  if (tile.crop !== crop || (crop === 'official' && resize !== undefined && tile.resize !== resize)) return false;
  return normalise.kind === 'image' || (same(normalise.mean, mean) && same(normalise.std, std));
}

interface CropProps {
  readonly crop: Crop | null;
  readonly onCrop: (crop: Crop) => void;
}

export function CropChoice({ crop, onCrop }: CropProps) {
  return (
    <label className="row">
      The image becomes a square by
      <select value={crop ?? ''} onChange={({ target }) => onCrop(TileRecipe.shape.crop.parse(target.value))} data-testid="import-crop">
        {crop === null && (
          <option value="" disabled>
            Choose…
          </option>
        )}
        {TileRecipe.shape.crop.options.map((each) => (
          <option key={each} value={each}>
            {crops[each]}
          </option>
        ))}
      </select>
    </label>
  );
}

interface SizeProps {
  readonly size: number;
  /** What a file beside the checkpoint says; null where none does. */
  readonly stated: CheckpointFacts['preparation'];
  readonly disabled: boolean;
  /** Null while something is not said. */
  readonly onChange: (preparation: Preparation | null) => void;
}

/** A file of another size than the published ones does not say how its images were prepared: with other grey levels or another crop its embeddings are worth less. */
export function SizePreparation({ size, stated, disabled, onChange }: SizeProps) {
  const id = useId();
  const [crop, setCrop] = useState<Crop | null>(stated?.how.crop ?? null);
  const [text, setText] = useState({
    resize: String(stated?.how.resize ?? Math.round((size * 256) / PUBLISHED_SIZE)),
    mean: stated?.how.mean === undefined ? '' : numbersText(stated.how.mean),
    std: stated?.how.std === undefined ? '' : numbersText(stated.how.std),
  });
  const edit = (part: Partial<typeof text>, square = crop) => {
    const next = { ...text, ...part };
    setText(next);
    setCrop(square);
    const levels = levelsOf(next.mean, next.std, 3);
    const resize = TileRecipe.shape.resize.safeParse(Number(next.resize));
    const fits = square !== 'official' || (resize.success && resize.data >= size);
    if (square === null || !levels || levels.kind === 'image' || !fits) return onChange(null);
    const { mean, std } = levels;
    return onChange({ crop: square, ...(square === 'official' && resize.success ? { resize: resize.data } : {}), mean, std });
  };
  const field = (name: keyof typeof text, label: string) => (
    <>
      <label htmlFor={`${id}-${name}`}>{label}</label>
      <input
        id={`${id}-${name}`}
        type="text"
        value={text[name]}
        onChange={({ target }) => edit({ [name]: target.value })}
        data-testid={`import-${name}`}
      />
    </>
  );
  return (
    <fieldset className="size-preparation" disabled={disabled} data-testid="import-preparation">
      <legend>
        How do images become {size} x {size} pixels?
      </legend>
      <p className="muted">
        {stated?.from
          ? `As ${stated.from} beside the file says; change it if that belongs to another file.`
          : 'The file does not say, and EVA-X was published for 224 pixels. It has to be as in the training of this file.'}
      </p>
      <CropChoice crop={crop} onCrop={(each) => edit({}, each)} />
      <div className="custom-fields">
        {crop === 'official' && field('resize', 'Short side before the crop')}
        <label htmlFor={`${id}-levels`}>Grey levels</label>
        <select
          id={`${id}-levels`}
          value=""
          onChange={({ target }) => {
            const preset = presets.find(({ name }) => name === target.value);
            if (preset) edit({ mean: numbersText(preset.normalise.mean), std: numbersText(preset.normalise.std) });
          }}
          data-testid="import-levels"
        >
          <option value="">Take those of…</option>
          {presets.map(({ name, title, channels }) =>
            channels === 3 ? (
              <option key={name} value={name}>
                {title}
              </option>
            ) : null,
          )}
        </select>
        {field('mean', 'Mean, between 0 and 1')}
        {field('std', 'Standard deviation')}
      </div>
    </fieldset>
  );
}
