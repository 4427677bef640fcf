import { useId, useState } from 'react';
import type { CustomEncoder, CustomModel, Pooling } from '../../contract/custom-encoder';

interface Props {
  readonly model: CustomModel;
  readonly wish: CustomEncoder;
  readonly onChange: (part: Partial<CustomEncoder>) => void;
}

const poolings: Record<Pooling, string> = {
  'as-is': 'As it is: one row an image',
  'class-token': 'Of tokens: the first one (class token)',
  'mean-tokens': 'Of tokens: the mean of all',
  'mean-patches': 'Of tokens: the mean of all but the first',
  'mean-map': 'Of a feature map: the mean over its places',
};

type Value = CustomModel['inputs'][number];

const described = ({ name, type, shape }: Value) =>
  `${name}: ${type}${shape ? ` [${shape.map((dimension) => dimension ?? '?').join(', ')}]` : ''}`;

/** What of the graph is fed and what is taken. */
export function CustomGraph({ model, wish, onChange }: Props) {
  const id = useId();
  const isOutput = model.outputs.some(({ name }) => name === wish.output);
  const [inside, setInside] = useState(!isOutput);
  const choose = (output: string) => {
    setInside(output === '');
    const rank = model.outputs.find(({ name }) => name === output)?.shape?.length;
    const pooling = rank === 3 ? 'class-token' : rank === 4 ? 'mean-map' : 'as-is';
    onChange({ output, pooling: output === model.suggestion.output ? model.suggestion.pooling : pooling });
  };
  return (
    <div className="custom-fields">
      <label htmlFor={`${id}-name`}>Name</label>
      <input
        id={`${id}-name`}
        type="text"
        maxLength={80}
        value={wish.name}
        onChange={(event) => onChange({ name: event.target.value })}
        data-testid="custom-name"
      />
      <label htmlFor={`${id}-input`}>Images go into</label>
      <select
        id={`${id}-input`}
        value={wish.input}
        onChange={(event) => onChange({ input: event.target.value })}
        data-testid="custom-input"
      >
        {model.inputs.map((value) => (
          <option key={value.name} value={value.name}>
            {described(value)}
          </option>
        ))}
      </select>
      <label htmlFor={`${id}-output`}>The embedding is</label>
      <select
        id={`${id}-output`}
        value={inside ? '' : wish.output}
        onChange={(event) => choose(event.target.value)}
        data-testid="custom-output"
      >
        {model.outputs.map((value) => (
          <option key={value.name} value={value.name}>
            {described(value)}
          </option>
        ))}
        <option value="">a value inside the graph…</option>
      </select>
      {inside && (
        <>
          <label htmlFor={`${id}-inner`}>Its name</label>
          <input
            id={`${id}-inner`}
            type="text"
            list={`${id}-values`}
            value={wish.output}
            onChange={(event) => onChange({ output: event.target.value })}
            data-testid="custom-inner"
          />
          <datalist id={`${id}-values`}>
            {model.inner.map(({ name, op }) => (
              <option key={name} value={name}>
                {op}
              </option>
            ))}
          </datalist>
        </>
      )}
      <label htmlFor={`${id}-pooling`}>How it is taken</label>
      <select
        id={`${id}-pooling`}
        value={wish.pooling}
        onChange={(event) => onChange({ pooling: event.target.value as Pooling })}
        data-testid="custom-pooling"
      >
        {Object.entries(poolings).map(([pooling, title]) => (
          <option key={pooling} value={pooling}>
            {title}
          </option>
        ))}
      </select>
      <label htmlFor={`${id}-licence`}>Licence</label>
      <input
        id={`${id}-licence`}
        type="text"
        maxLength={500}
        value={wish.licence}
        placeholder="As its authors state it; goes into model cards"
        onChange={(event) => onChange({ licence: event.target.value })}
        data-testid="custom-licence"
      />
    </div>
  );
}
