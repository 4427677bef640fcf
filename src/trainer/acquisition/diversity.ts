import { sigmoid } from '../calibration/platt';
import { matrix, takeRows } from '../matrix';
import { random } from '../random';
import { product, productTransposed } from '../tensors/product';
import { kMeans } from './clusters';
import { drawn } from './draws';
import type { Acquisition, Pick, Scene, Scores } from './scene';
import { mostUncertain, uncertainReason } from './uncertainty';

/** One order of the pool for a seed: what was drawn is not drawn again, whether one at a time or many are asked for. */
export const atRandom: Acquisition = (scene, count) =>
  Array.from(drawn(scene, count), (row) => ({ row, score: 0, reason: { code: 'random', params: {} } }));

/** Greedy k-centre (Sener and Savarese, ICLR 2018): each time the row farthest from everything labelled or chosen. */
export const kCentre: Acquisition = async (scene, count) => {
  const open = takeRows(scene.features, scene.open);
  const nearest = new Float64Array(open.rows).fill(-1);
  const cover = async (rows: Int32Array) => {
    const { data } = await productTransposed(open, takeRows(scene.features, rows));
    for (let i = 0, p = 0; i < open.rows; i++) {
      for (let j = 0; j < rows.length; j++, p++) nearest[i] = Math.max(nearest[i], data[p]);
    }
  };
  if (scene.labelled.length > 0) await cover(scene.labelled);
  const out: Pick[] = [];
  while (out.length < Math.min(count, open.rows)) {
    const best = nearest.indexOf(Math.min(...nearest));
    const row = scene.open[best];
    out.push({ row, score: Math.sqrt(Math.max(0, 2 - 2 * nearest[best])), reason: { code: 'diverse', params: {} } });
    await cover(Int32Array.of(row));
    nearest[best] = Infinity;
  }
  return out;
};

/** What the gradient of the loss at the head's own answer is to the logits: p - answer, [open rows, findings]. */
function residuals(scene: Scene, { z, fitted }: Scores): Float64Array {
  const k = fitted.length;
  const out = new Float64Array(scene.open.length * k);
  scene.open.forEach((row, i) => {
    const logits = z.subarray(row * k, (row + 1) * k);
    if (scene.task === 'multilabel') {
      logits.forEach((value, f) => (out[i * k + f] = fitted[f] ? sigmoid(value) - (value > 0 ? 1 : 0) : 0));
      return;
    }
    const top = Math.max(...logits);
    const exp = logits.map((value) => Math.exp(value - top));
    const sum = exp.reduce((a, b) => a + b, 0);
    exp.forEach((value, f) => (out[i * k + f] = value / sum - (logits[f] === top ? 1 : 0)));
  });
  return out;
}

/**
 * BADGE (Ash et al., ICLR 2020): k-means++ on the gradients of the linear head. A gradient is residual x feature, and
 * <g_i, g_j> = <r_i, r_j> <z_i, z_j>: distances come from the factors, the gradients are never made.
 */
export const badge: Acquisition = (scene, count) => {
  if (scene.scores === null) return [];
  const scores = scene.scores;
  const k = scores.fitted.length;
  const n = scene.open.length;
  const m = scene.features.columns;
  const r = residuals(scene, scores);
  const { data } = scene.features;
  const inner = (i: number, j: number) => {
    let a = 0;
    for (let f = 0; f < k; f++) a += r[i * k + f] * r[j * k + f];
    if (a === 0) return 0;
    let b = 0;
    for (let c = 0, p = scene.open[i] * m, q = scene.open[j] * m; c < m; c++, p++, q++) b += data[p] * data[q];
    return a * b;
  };
  const square = Float64Array.from({ length: n }, (_, i) => inner(i, i));
  const distance = square.slice();
  const draw = random(scene.seed, `badge ${scene.labelled.length}`);
  const out: Pick[] = [];
  let chosen = square.indexOf(square.reduce((a, b) => Math.max(a, b), -Infinity));
  while (out.length < Math.min(count, n) && chosen >= 0) {
    const row = scene.open[chosen];
    out.push({ row, score: distance[chosen], reason: uncertainReason(scene, scores, row) });
    let total = 0;
    for (let i = 0; i < n; i++) {
      const between = Math.max(0, square[i] + square[chosen] - 2 * inner(i, chosen));
      distance[i] = i === chosen ? 0 : Math.min(out.length === 1 ? Infinity : distance[i], between);
      total += distance[i];
    }
    let left = draw.uniform() * total;
    chosen = total > 0 ? distance.findIndex((value) => (left -= value) < 0) : -1;
  }
  return out;
};

const DROPOUTS = 3;
const DROPPED = 0.75;

/**
 * DropQuery (Gupta et al., 2024): rows whose answer changes in most of three passes with three quarters of the features
 * dropped, then the ones nearest the centroids of `count` clusters of these.
 */
export const dropQuery: Acquisition = async (scene, count) => {
  if (scene.scores === null) return [];
  const { weight, bias, fitted } = scene.scores;
  const k = fitted.length;
  const m = scene.features.columns;
  const open = takeRows(scene.features, scene.open);
  const answersOf = (z: ArrayLike<number>, from: number) => {
    const row = Array.from({ length: k }, (_, f) => z[from + f] + 0);
    return scene.task === 'multiclass' ? [row.indexOf(Math.max(...row))] : row.map((value) => (value > 0 ? 1 : 0));
  };
  const right = new Float32Array(m * k);
  for (let f = 0; f < k; f++) for (let c = 0; c < m; c++) right[c * k + f] = weight[f * m + c];
  const changed = new Int32Array(open.rows);
  const draw = random(scene.seed, `dropquery ${scene.labelled.length}`);
  for (let pass = 0; pass < DROPOUTS; pass++) {
    const data = open.data.map((value) => (draw.uniform() < DROPPED ? 0 : value / (1 - DROPPED)));
    const logits = (await product(matrix(open.rows, m, data), matrix(m, k, right))).data.map((value, p) => value + bias[p % k]);
    scene.open.forEach((row, i) => {
      const before = answersOf(scene.scores?.z ?? [], row * k);
      if (answersOf(logits, i * k).some((answer, f) => answer !== before[f])) changed[i] = changed[i] + 1;
    });
  }
  const rows = scene.open.filter((_, i) => changed[i] > DROPOUTS / 2);
  const clusters = await kMeans(takeRows(scene.features, rows), count, scene.seed, scene.signal);
  const picks: Pick[] = clusters.map((members) => {
    const row = rows[members[0]];
    return { row, score: members.length / rows.length, reason: uncertainReason(scene, scene.scores as Scores, row) };
  });
  if (picks.length >= count) return picks.slice(0, count);
  const taken = new Set(picks.map(({ row }) => row));
  const rest = await mostUncertain('margin')(scene, count + picks.length);
  return [...picks, ...rest.filter(({ row }) => !taken.has(row))].slice(0, count);
};
