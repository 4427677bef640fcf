import { halfOf, decodeHalves } from '../../../../../src/contract/float16';
import type { SnapshotBase } from '../../../../../src/contract/jobs/trainer';
import { defaultSettings } from '../../../../../src/contract/jobs/trainer';
import type { StateSource } from '../../../../../src/trainer/heads/tuned/states';
import { matrix } from '../../../../../src/trainer/matrix';
import { random } from '../../../../../src/trainer/random';
import type { Pool } from '../../pool';

export interface TokenPool extends Pool {
  readonly tokens: StateSource;
}

/**
 * Images as T tokens of noise. Where a finding is present, `marked` of them carry its sign, which the mean over all tokens hardly shows;
 * the embedding is an affine LayerNorm of that mean, as EVA-X's is.
 */
export function tokenPool(
  n: number,
  options: { marked?: number; strength?: number; task?: SnapshotBase['task']; seed?: number } = {},
): TokenPool {
  const { marked = 1, strength = 4, task = 'multilabel', seed = 1 } = options;
  const [T, d, classes] = [25, 24, 2];
  const draw = random(seed, 'tokens');
  const signs = Array.from({ length: classes }, () => Array.from({ length: d }, () => draw.normal()));
  const scales = Array.from({ length: d }, () => Math.exp(draw.normal() / 2));
  const gain = Array.from({ length: d }, () => 0.5 + draw.uniform());
  const shift = Array.from({ length: d }, () => draw.normal());
  const truth = Array.from({ length: n }, () => draw.integer(classes));
  const bits = new Uint16Array(n * T * d);
  const embeddings = new Float32Array(n * d);
  for (let i = 0; i < n; i++) {
    const values = new Float64Array(T * d);
    for (let p = 0; p < values.length; p++) values[p] = draw.normal();
    for (let m = 0; m < marked; m++) {
      const t = draw.integer(T);
      const sign = signs[truth[i] ?? 0] ?? [];
      for (let c = 0; c < d; c++) values[t * d + c] = (values[t * d + c] as number) + (strength * (sign[c] ?? 0)) / 2;
    }
    for (let p = 0; p < values.length; p++) bits[i * T * d + p] = halfOf((values[p] as number) * (scales[p % d] ?? 1));
    const rounded = new Float32Array(T * d);
    decodeHalves(bits.subarray(i * T * d, (i + 1) * T * d), rounded);
    const mean = Array.from({ length: d }, (_, c) => {
      let sum = 0;
      for (let t = 0; t < T; t++) sum += rounded[t * d + c] as number;
      return sum / T;
    });
    const centre = mean.reduce((a, b) => a + b, 0) / d;
    const deviation = Math.sqrt(mean.reduce((a, b) => a + (b - centre) ** 2, 0) / d + 1e-6);
    mean.forEach((value, c) => (embeddings[i * d + c] = ((value - centre) / deviation) * (gain[c] ?? 1) + (shift[c] ?? 0)));
  }
  const base: SnapshotBase = {
    encoder: { id: 'test', name: 'test', d },
    task,
    findings: ['first', 'second'],
    seed: 7,
    settings: { ...defaultSettings, queueSize: 20 },
    embeddings: Array.from({ length: n }, (_, i) => `image ${String(i)}`),
    groups: Int32Array.from({ length: n }, (_, i) => Math.floor(i / 2)),
  };
  const size = T * d;
  const read = (rows: readonly number[]) => {
    const out = new Uint16Array(rows.length * size);
    rows.forEach((row, i) => out.set(bits.subarray(row * size, (row + 1) * size), i * size));
    return Promise.resolve(out);
  };
  return { base, rows: matrix(n, d, embeddings), truth, tokens: { shape: [T, d], read } };
}
