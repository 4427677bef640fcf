import { cholesky, invertLower } from '../linear-algebra/cholesky';
import { matrix, takeRows, type Matrix } from '../matrix';
import { hold, product, productTransposed } from '../tensors/product';
import { chooseCandidates, chooseReferences, type Limits } from './excerpt';
import type { Acquisition, Scene } from './scene';
import { standsFor, uncertainty } from './uncertainty';

const LIMITS: Limits = { candidates: 300, references: 500 };
/** Variance of an answer about the function, where rows have length one and the function variance one before any answer. */
const NOISE = 1;

/**
 * The answers that would most reduce what is not known where the head is unsure. Under Bayesian linear regression on rows of length one
 * an answer at x takes cov(n, x)^2 / (v(x) + noise) off the variance at n (Cohn, Ghahramani and Jordan 1996; Seo et al. 2000);
 * greedily argmax_x u_x mean_n u_n cov(n, x)^2 / (v(x) + noise), with u = 1 - margin (1 without a head). The variance does not hang on the
 * answers, so that a batch is chosen as if its earlier members had been answered.
 */
export const varianceReduction =
  (limits: Limits = LIMITS): Acquisition =>
  async (scene, count) => {
    if (count === 0) return [];
    const u = scene.scores ? uncertainty(scene, scene.scores, 'margin') : new Float64Array(scene.features.rows).fill(1);
    const candidates = chooseCandidates(scene, u, limits.candidates);
    const references = chooseReferences(scene, limits.references);
    const whitening = await whiteningOf(scene);
    const white = async (rows: Int32Array) => product(takeRows(scene.features, rows), whitening);
    const open = await white(candidates);
    const moment = await weightedMoment(await white(references), references, u);
    // covariance[x, y] = cov(x, y); common[x, y] = mean over n of u_n cov(n, x) cov(n, y).
    const covariance = (await productTransposed(open, open)).data;
    const common = (await productTransposed(await product(open, moment), open)).data;
    const weights = Float64Array.from(candidates, (row) => u[row]);
    return greedy(covariance, common, weights, count).map(({ at, score }) => {
      const row = candidates[at];
      return { row, score, reason: standsFor(scene, row) };
    });
  };

/** W [m, m]: (x W)(y W)^T is the posterior covariance of the function at x and y, whose form is inv(I + X^T X) at a NOISE of one. */
async function whiteningOf({ features, labelled }: Scene): Promise<Matrix> {
  const m = features.columns;
  const answered = takeRows(features, labelled);
  const precision = labelled.length > 0 ? new Float64Array((await scatterOf(answered)).data) : new Float64Array(m * m);
  for (let c = 0; c < m; c++) precision[c * m + c] = precision[c * m + c] + 1;
  if (!cholesky(precision, m)) throw new RangeError('the features hold values that are not finite');
  const inverse = invertLower(precision, m);
  const out = new Float32Array(m * m);
  for (let i = 0; i < m; i++) for (let j = 0; j <= i; j++) out[j * m + i] = inverse[i * m + j];
  return matrix(m, m, out);
}

/** mean over the references of u_n w_n w_n^T, [m, m]. */
async function weightedMoment({ rows, columns: m, data }: Matrix, references: Int32Array, u: Float64Array): Promise<Matrix> {
  const scaled = new Float32Array(data.length);
  for (let i = 0, p = 0; i < rows; i++) {
    const factor = Math.sqrt(u[references[i]] / rows);
    for (let c = 0; c < m; c++, p++) scaled[p] = factor * data[p];
  }
  return scatterOf(matrix(rows, m, scaled));
}

/** x^T x */
async function scatterOf(x: Matrix): Promise<Matrix> {
  const held = hold(x);
  try {
    return await held.transposedTimes(x);
  } finally {
    held.release();
  }
}

/** One answer and what it takes off: covariance -= q q^T / d, common -= (s q^T + q s^T) / d - q q^T s_x / d^2. */
interface Answer {
  readonly q: Float64Array;
  readonly s: Float64Array;
  readonly d: number;
  readonly own: number;
}

function greedy(covariance: Float32Array, common: Float32Array, weights: Float64Array, count: number): { at: number; score: number }[] {
  const n = weights.length;
  const variance = Float64Array.from(weights, (_, x) => covariance[x * n + x]);
  const reduction = Float64Array.from(weights, (_, x) => common[x * n + x]);
  const left = new Set(weights.keys());
  const answers: Answer[] = [];
  const out: { at: number; score: number }[] = [];
  while (out.length < count && left.size > 0) {
    let at = -1;
    let score = -Infinity;
    for (const x of left) {
      const gain = (weights[x] * reduction[x]) / (variance[x] + NOISE);
      if (gain > score) [at, score] = [x, gain];
    }
    left.delete(at);
    out.push({ at, score });
    const answer = answerAt(at, covariance, common, answers, n);
    answers.push(answer);
    const { q, s, d, own } = answer;
    for (let x = 0; x < n; x++) {
      const share = q[x] / d;
      variance[x] = variance[x] - share * q[x];
      reduction[x] = Math.max(0, reduction[x] - 2 * share * s[x] + share * share * own);
    }
  }
  return out;
}

/** The columns of both matrices at x, as they are after the answers before. */
function answerAt(at: number, covariance: Float32Array, common: Float32Array, before: readonly Answer[], n: number): Answer {
  const q = Float64Array.from(covariance.subarray(at * n, (at + 1) * n));
  const s = Float64Array.from(common.subarray(at * n, (at + 1) * n));
  for (const one of before) {
    const share = one.q[at] / one.d;
    const also = (one.s[at] - share * one.own) / one.d;
    for (let x = 0; x < n; x++) {
      q[x] = q[x] - share * one.q[x];
      s[x] = s[x] - share * one.s[x] - also * one.q[x];
    }
  }
  return { q, s, d: q[at] + NOISE, own: s[at] };
}
