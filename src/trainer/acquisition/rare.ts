import { makeDesign } from '../heads/design';
import { fitGda } from '../heads/gda';
import { matrix, takeRows } from '../matrix';
import { random } from '../random';
import { product } from '../tensors/product';
import type { Acquisition, Pick, Scene } from './scene';

/** Absent labels are made up to so many by open images: at a rare finding's prevalence hardly any of them is not absent. */
const TAKEN_AS_ABSENT = 300;
/** From so many positives on a pick is called likely, before that similar. */
const LIKELY_FROM = 5;
/** The share of a head that came with the encoder, which has learnt from others' labels. */
const READY = 0.5;

/** Whether there is anything to go by before the first label: images to start from, or a head that knows the finding. */
export const canSearch = (scene: Scene): boolean =>
  !!scene.search && (scene.search.seeds.length > 0 || sayingOf(scene, scene.search.finding) !== null);

/** What a head says of the finding in every row: the ready one where it speaks, else the fitted one where it has learnt it. */
function sayingOf({ ready, scores }: Scene, finding: number) {
  if (ready?.speaks[finding]) return { z: ready.logits, probabilities: ready.probabilities, learnt: true };
  return scores?.fitted[finding] ? { z: scores.z, probabilities: scores.probabilities, learnt: false } : null;
}

/**
 * Search for a rare finding: a discriminant between the positives known (and the images it was started from) and everything else, for which
 * absent labels and open images drawn at random stand (learning from positive and unlabelled data, Elkan and Noto 2008); blended by rank
 * with a head that came with the encoder. Of ten picks eight have the top score, one is uncertain, one is drawn at random.
 * Unless one is asked for, the finding searched for is the one with fewest positives among those that have any.
 */
export const rare: Acquisition = async (scene, count) => {
  const finding = scene.search?.finding ?? rarest(scene);
  if (finding < 0) return [];
  const name = scene.findings[finding] ?? '';
  const positives = scene.present[finding] ?? [];
  const labelled = new Set(scene.labelled);
  const seeds = [...new Set([...positives, ...(scene.search?.seeds ?? []).filter((row) => !labelled.has(row))])];
  const saying = sayingOf(scene, finding);
  if (seeds.length === 0 && !saying) return [];
  const k = scene.findings.length;
  const found = seeds.length === 0 ? null : await discriminant(scene, seeds);
  const candidates = Array.from(scene.open, (row, i) => ({
    row,
    z: saying ? saying.z[row * k + finding] : 0,
    likeness: found ? found[i] : 0,
    score: 0,
  }));
  // Ranks, not values: the two have no common scale.
  const share = (order: typeof candidates, amount: number) =>
    order.forEach((one, rank) => (one.score += amount * (1 - rank / order.length)));
  const head = found === null ? 1 : saying?.learnt ? READY : 0;
  share(
    [...candidates].sort((a, b) => b.z - a.z || a.row - b.row),
    head,
  );
  share(
    [...candidates].sort((a, b) => b.likeness - a.likeness || a.row - b.row),
    1 - head,
  );

  const top = [...candidates].sort((a, b) => b.score - a.score || a.row - b.row);
  const close = [...candidates].sort((a, b) => Math.abs(a.z) - Math.abs(b.z) || a.row - b.row);
  const any = random(scene.seed, `rare ${scene.labelled.length}`).shuffle(scene.open.slice());
  const byRow = new Map(candidates.map((one) => [one.row, one]));
  const lists = { top: top.values(), close: close.values(), any: Array.from(any, (row) => byRow.get(row)).values() };
  const taken = new Set<number>();
  const out: Pick[] = [];
  while (out.length < Math.min(count, candidates.length)) {
    const turn = out.length % 10;
    const from = turn === 4 && saying ? 'close' : turn === 9 ? 'any' : 'top';
    let next = lists[from].next().value;
    while (next && taken.has(next.row)) next = lists[from].next().value;
    if (!next) break;
    taken.add(next.row);
    const probability = saying?.probabilities[next.row * k + finding] ?? 0;
    const reason: Pick['reason'] =
      from === 'any'
        ? { code: 'random', params: {} }
        : from === 'close'
          ? { code: 'uncertain', params: { finding: name, probability } }
          : saying && (saying.learnt || positives.length >= LIKELY_FROM)
            ? { code: 'likely', params: { finding: name, probability } }
            : { code: 'similar', params: { finding: name, ...(positives.length === 0 ? { started: seeds.length } : {}) } };
    out.push({ row: next.row, score: next.score, reason });
  }
  return out;
};

/** Logits of the open rows. */
async function discriminant({ features, open, labelled, seed }: Scene, seeds: readonly number[]): Promise<Float32Array> {
  const positive = new Set(seeds);
  const absent = labelled.filter((row) => !positive.has(row));
  const drawn = random(seed, 'taken as absent')
    .shuffle(open.filter((row) => !positive.has(row)))
    .subarray(0, Math.max(0, TAKEN_AS_ABSENT - absent.length));
  const rows = Int32Array.from([...seeds, ...absent, ...drawn]);
  const y = Int8Array.from(rows, (_, i) => (i < seeds.length ? 1 : 0));
  const { weight } = fitGda(makeDesign(features, { rows, groups: rows, findings: 1, y }), 'multilabel');
  return (await product(takeRows(features, open), matrix(features.columns, 1, Float32Array.from(weight)))).data;
}

function rarest(scene: Scene): number {
  let best = -1;
  scene.present.forEach((rows, f) => {
    if (rows.length > 0 && (best < 0 || rows.length < (scene.present[best]?.length ?? 0))) best = f;
  });
  return best;
}
