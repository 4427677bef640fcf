import { takeRows } from '../matrix';
import { random } from '../random';
import { productTransposed } from '../tensors/product';
import type { Acquisition, Pick, Scene } from './scene';

/** With so many positives, head and similarity count alike. */
const EVEN = 5;

/** Whether there is anything to go by before the first label: images to start from, or a head that knows the finding. */
export const canSearch = (scene: Scene): boolean =>
  !!scene.search && (scene.search.seeds.length > 0 || sayingOf(scene, scene.search.finding) !== null);

/** What a head says of the finding in every row: the ready one where it speaks, else the fitted one where it has learnt it. */
function sayingOf({ ready, scores }: Scene, finding: number) {
  if (ready?.speaks[finding]) return { z: ready.logits, probabilities: ready.probabilities, learnt: true };
  return scores?.fitted[finding] ? { z: scores.z, probabilities: scores.probabilities, learnt: false } : null;
}

/**
 * Search for a rare finding: P(present) blended with the similarity to the positives known and the images it was started from, the
 * weight moving to the head as positives become more; of ten picks eight have the top score, one is uncertain, one is drawn at random.
 * Unless one is asked for, the finding searched for is the one with fewest positives among those that have any.
 */
export const rare: Acquisition = async (scene, count) => {
  const finding = scene.search?.finding ?? rarest(scene);
  if (finding < 0) return [];
  const name = scene.findings[finding] ?? '';
  const positives = scene.present[finding] ?? [];
  const seeds = [...new Set([...positives, ...(scene.search?.seeds ?? [])])];
  const saying = sayingOf(scene, finding);
  if (seeds.length === 0 && !saying) return [];
  const { data } = await productTransposed(takeRows(scene.features, scene.open), takeRows(scene.features, seeds));
  const weight = weightOf(saying, positives.length, seeds.length);
  const k = scene.findings.length;
  const candidates = Array.from(scene.open, (row, i) => {
    let similarity = -1;
    for (let j = 0; j < seeds.length; j++) similarity = Math.max(similarity, data[i * seeds.length + j] as number);
    const z = saying ? (saying.z[row * k + finding] as number) : 0;
    return { row, z, similarity, score: 0 };
  });
  // Ranks, not values: cosine and probability have no common scale.
  const share = (order: typeof candidates, amount: number) =>
    order.forEach((one, rank) => (one.score += amount * (1 - rank / order.length)));
  share(
    [...candidates].sort((a, b) => b.z - a.z || a.row - b.row),
    weight,
  );
  share(
    [...candidates].sort((a, b) => b.similarity - a.similarity || a.row - b.row),
    1 - weight,
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
    const from = turn === 4 && weight > 0 ? 'close' : turn === 9 ? 'any' : 'top';
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
          : weight > 0.5
            ? { code: 'likely', params: { finding: name, probability } }
            : { code: 'similar', params: { finding: name, ...(positives.length === 0 ? { started: seeds.length } : {}) } };
    out.push({ row: next.row, score: next.score, reason });
  }
  return out;
};

/** Of the head against the similarity. A head that came with the encoder has learnt from others' labels: it counts for half from the start. */
function weightOf(saying: { readonly learnt: boolean } | null, positives: number, seeds: number): number {
  if (!saying) return 0;
  if (seeds === 0) return 1;
  const share = positives / (positives + EVEN);
  return saying.learnt ? Math.max(0.5, share) : share;
}

function rarest(scene: Scene): number {
  let best = -1;
  scene.present.forEach((rows, f) => {
    if (rows.length > 0 && (best < 0 || rows.length < (scene.present[best]?.length ?? 0))) best = f;
  });
  return best;
}
