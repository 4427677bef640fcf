import { presets, type CustomEncoder } from '../../contract/custom-encoder';

type Normalise = CustomEncoder['preprocessing']['normalise'];

/** One number, or three separated by commas; null where it is neither. */
export function parseNumbers(text: string): number | [number, number, number] | null {
  const parts = text.split(',').map((part) => part.trim());
  const numbers = parts.map(Number);
  if (parts.includes('') || !numbers.every(Number.isFinite)) return null;
  const [a = 0, b = 0, c = 0] = numbers;
  return numbers.length === 1 ? a : numbers.length === 3 ? [a, b, c] : null;
}

export const numbersText = (value: number | readonly number[]): string => (typeof value === 'number' ? String(value) : value.join(', '));

/** Grey levels become (v / 255 - mean) / std; null where the numbers do not fit together or the channels. */
export function levelsOf(mean: string, std: string, channels: 1 | 3): Normalise | null {
  const [m, s] = [parseNumbers(mean), parseNumbers(std)];
  if (m === null || s === null || [s].flat().some((each) => each <= 0)) return null;
  if (typeof m === 'number' && typeof s === 'number') return { kind: 'fixed', mean: m, std: s };
  if (channels === 1) return null;
  const three = (value: number | [number, number, number]): [number, number, number] =>
    typeof value === 'number' ? [value, value, value] : value;
  return { kind: 'channels', mean: three(m), std: three(s) };
}

/** The preset that has these levels; '' where none has. */
export const presetOf = (normalise: Normalise): string =>
  presets.find((preset) => JSON.stringify(preset.normalise) === JSON.stringify(normalise))?.name ?? '';
