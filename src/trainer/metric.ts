import { SCATTERING_CELLS, SCATTERING_POOLING, scatteringMaps } from '../contract/scattering';
import { matrix, type Matrix } from './matrix';

/**
 * What is known beforehand of how alike two images are, where the encoder's features have a known meaning: x'' = (I + share (P - I)) (x' weight)
 * of standardised x'. It is made part of a head's scaling and projection, so that a head's file says nothing else of it.
 */
export interface Metric {
  /** [d] */
  readonly weight: Float32Array;
  /** [d]: the feature that the mirrored image has in the place of each; its own inverse. */
  readonly mirror: Int32Array;
  /** How much of the mirrored image is mixed in: at one half left and right no longer differ. */
  readonly share: number;
}

/**
 * Second-order paths are nine in ten of the scattering's features and say much the same: standardised and unweighted they drown the others. Every
 * order counts double the next for each feature, which leaves the second about two thirds of the variance.
 */
const WEIGHTS = [4, 2, 1] as const;
/** What tells left from right counts half: an image and its mirror image mostly show the same findings, but not always. */
const MIRRORED = 0.25;

/** The metric for embeddings [., d] of this pooling (encoder card); null where the features are not known to mean anything. */
export function metricOf(pooling: string | undefined, d: number): Metric | null {
  if (pooling !== SCATTERING_POOLING) return null;
  const maps = scatteringMaps();
  const cells = SCATTERING_CELLS ** 2;
  const weight = new Float32Array(maps.length * cells);
  const mirror = new Int32Array(weight.length);
  maps.forEach((map, at) => {
    for (let cell = 0; cell < cells; cell++) {
      const column = cell % SCATTERING_CELLS;
      weight[at * cells + cell] = WEIGHTS[map.order];
      mirror[at * cells + cell] = map.mirror * cells + cell - column + (SCATTERING_CELLS - 1 - column);
    }
  });
  return weight.length === d ? { weight, mirror, share: MIRRORED } : null;
}

/** Rows with the mirror image mixed in: x (I + share (P - I)), x [n, d]. */
export function mirroredColumns({ rows, columns, data }: Matrix, { mirror, share }: Metric): Matrix {
  const out = new Float32Array(data.length);
  for (let from = 0; from < out.length; from += columns) {
    for (let c = 0; c < columns; c++) out[from + c] = (1 - share) * data[from + c] + share * data[from + mirror[c]];
  }
  return matrix(rows, columns, out);
}

/** The same from the left, of a projection [d, components]. */
export function mirroredRows({ rows, columns, data }: Matrix, { mirror, share }: Metric): Matrix {
  const out = new Float32Array(data.length);
  for (let r = 0, p = 0; r < rows; r++) {
    const other = mirror[r] * columns;
    for (let c = 0; c < columns; c++, p++) out[p] = (1 - share) * data[p] + share * data[other + c];
  }
  return matrix(rows, columns, out);
}
