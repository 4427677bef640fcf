import { useId, useState } from 'react';
import { presets, type CustomEncoder } from '../../contract/custom-encoder';
import { TileRecipe } from '../../contract/encoder-card';
import { levelsOf, numbersText, presetOf } from './levels';

interface Props {
  readonly wish: CustomEncoder;
  readonly onChange: (part: Partial<CustomEncoder>) => void;
  /** What is wrong with the numbers; null when all can be read. */
  readonly onWrong: (sentence: string | null) => void;
}

const crops = {
  official: 'Centre crop, as most models were trained',
  pad: 'Whole image with black bars',
  squash: 'Whole image, squashed to a square',
} as const;

/** How an image becomes the model's input. */
export function CustomPreprocessing({ wish, onChange, onWrong }: Props) {
  const id = useId();
  const { channels, preprocessing } = wish;
  const { tile, normalise } = preprocessing;
  const known = normalise.kind === 'image' ? { mean: 0, std: 1 } : normalise;
  const [text, setText] = useState({
    size: String(tile.size),
    resize: String(tile.resize),
    mean: numbersText(known.mean),
    std: numbersText(known.std),
  });
  const edit = (part: Partial<typeof text>, change: Partial<Pick<CustomEncoder, 'channels'>> & { crop?: TileRecipe['crop'] } = {}) => {
    const next = { ...text, ...part };
    setText(next);
    const of = change.channels ?? channels;
    const recipe = TileRecipe.safeParse({
      ...tile,
      crop: change.crop ?? tile.crop,
      size: Number(next.size),
      resize: Number(next.resize),
      colour: of === 1 ? 'luma' : 'keep',
    });
    const levels = levelsOf(next.mean, next.std, of);
    if (!recipe.success) return onWrong('Size and short side are whole numbers from 16 to 1024.');
    if (recipe.data.crop === 'official' && recipe.data.resize < recipe.data.size)
      return onWrong('The short side cannot be less than the size.');
    if (!levels) return onWrong(`Mean and deviation: one number${of === 3 ? ', or three with commas' : ''}; the deviation above 0.`);
    onWrong(null);
    return onChange({ channels: of, preprocessing: { tile: recipe.data, normalise: levels } });
  };
  const takePreset = (name: string) => {
    const preset = presets.find((each) => each.name === name);
    if (!preset) return;
    edit({ mean: numbersText(preset.normalise.mean), std: numbersText(preset.normalise.std) });
  };
  const resizeFor = (size: string) => String(Math.min(1024, Math.round((Number(size) * 256) / 224)) || '');
  return (
    <div className="custom-fields">
      <label htmlFor={`${id}-size`}>Size in pixels</label>
      <input
        id={`${id}-size`}
        type="text"
        inputMode="numeric"
        value={text.size}
        onChange={({ target }) => edit({ size: target.value, resize: resizeFor(target.value) })}
        data-testid="custom-size"
      />
      <label htmlFor={`${id}-crop`}>Becomes a square by</label>
      <select
        id={`${id}-crop`}
        value={tile.crop}
        onChange={({ target }) => edit({}, { crop: TileRecipe.shape.crop.parse(target.value) })}
        data-testid="custom-crop"
      >
        {TileRecipe.shape.crop.options.map((crop) => (
          <option key={crop} value={crop}>
            {crops[crop]}
          </option>
        ))}
      </select>
      <label htmlFor={`${id}-levels`}>Grey levels</label>
      <select
        id={`${id}-levels`}
        value={presetOf(normalise)}
        onChange={({ target }) => takePreset(target.value)}
        data-testid="custom-preset"
      >
        {presets.map(({ name, title }) => (
          <option key={name} value={name}>
            {title}
          </option>
        ))}
        <option value="" disabled>
          Own mean and deviation
        </option>
      </select>
      <label htmlFor={`${id}-channels`}>Channels</label>
      <select
        id={`${id}-channels`}
        value={channels}
        onChange={({ target }) => edit({}, { channels: target.value === '1' ? 1 : 3 })}
        data-testid="custom-channels"
      >
        <option value="3">3, a grey image repeated</option>
        <option value="1">1, colours as their luminance</option>
      </select>
      <details className="custom-more">
        <summary>Short side, mean and deviation</summary>
        <div className="custom-fields">
          <label htmlFor={`${id}-resize`}>Short side before the crop</label>
          <input
            id={`${id}-resize`}
            type="text"
            inputMode="numeric"
            value={text.resize}
            onChange={({ target }) => edit({ resize: target.value })}
            data-testid="custom-resize"
          />
          <label htmlFor={`${id}-mean`}>Mean, of levels 0 to 1</label>
          <input
            id={`${id}-mean`}
            type="text"
            value={text.mean}
            onChange={({ target }) => edit({ mean: target.value })}
            data-testid="custom-mean"
          />
          <label htmlFor={`${id}-std`}>Deviation</label>
          <input
            id={`${id}-std`}
            type="text"
            value={text.std}
            onChange={({ target }) => edit({ std: target.value })}
            data-testid="custom-std"
          />
        </div>
      </details>
    </div>
  );
}
