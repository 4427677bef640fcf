import type { QueueEntry, Settings, Strategy } from '../../contract/jobs/trainer';
import { random } from '../random';
import { coldStart, typical } from './clusters';
import { atRandom, badge, dropQuery, kCentre } from './diversity';
import { herding } from './herding';
import { canSearch, rare } from './rare';
import type { Acquisition, Pick, Scene } from './scene';
import { mostUncertain } from './uncertainty';
import { varianceReduction } from './variance';

/** The first labels are of typical images, which hardly ever show what is rare; as many again are drawn at random. */
const TYPICAL = 10;
/** A head of fewer labels says too little to choose by. */
const LABELS_FOR_HEAD = 20;

const acquisitions: Record<Exclude<Strategy, 'auto'> | 'typical', Acquisition> = {
  typical: typical(TYPICAL),
  variance: varianceReduction(),
  random: atRandom,
  coldstart: coldStart,
  herding: herding(),
  margin: mostUncertain('margin'),
  entropy: mostUncertain('entropy'),
  'least-confidence': mostUncertain('least-confidence'),
  badge,
  dropquery: dropQuery,
  kcentre: kCentre,
  rare,
};

/** Strategies that can do without a head. */
const HEADLESS: ReadonlySet<Strategy> = new Set(['random', 'coldstart', 'variance', 'herding', 'kcentre', 'rare']);

/**
 * The default: typical images, then images drawn at random, then those whose answer takes most of the head's uncertainty away
 * (test/bench/learning/README.md says what was compared).
 */
function resolve(strategy: Strategy, scene: Scene): keyof typeof acquisitions {
  if (strategy === 'random') return 'random';
  if (strategy === 'rare' && canSearch(scene)) return 'rare';
  if (strategy === 'coldstart') return 'coldstart';
  if (scene.labelled.length === 0) return 'typical';
  if (strategy === 'auto') {
    if (scene.labelled.length < TYPICAL) return 'typical';
    return scene.scores === null || scene.labelled.length < LABELS_FOR_HEAD ? 'random' : 'variance';
  }
  return scene.scores === null && !HEADLESS.has(strategy) ? 'herding' : strategy;
}

/**
 * The next images to ask about, the first to be asked first. From the `audit.from`-th label on each place is an audit draw with probability
 * `audit.share`: which places hangs on the seed alone, and which images on the reserve, so that a new ranking neither repeats nor avoids
 * draws. Where nothing else is left come the images that can teach nothing any more, then the rest of the reserve.
 */
export async function rankQueue(scene: Scene, settings: Settings): Promise<QueueEntry[]> {
  const size = Math.min(settings.queueSize, scene.open.length);
  const strategy = resolve(settings.strategy, scene);
  let picks = await acquisitions[strategy](scene, size);
  if (picks.length < size) picks = [...picks, ...(await filler(scene, picks, size))];
  const audits = scene.audits.map(asAudit).values();
  const others = [...picks, ...scene.spare.map(asSpare)].map((pick) => ({ ...pick, audit: false })).values();
  const out: QueueEntry[] = [];
  while (out.length < settings.queueSize) {
    const turn = isAudit(scene, settings, out.length) ? [audits, others] : [others, audits];
    const next = turn[0]?.next().value ?? turn[1]?.next().value;
    if (!next) break;
    out.push(next);
  }
  return out;
}

const asAudit = (row: number): QueueEntry => ({ row, score: 0, audit: true, reason: { code: 'audit', params: {} } });
const asSpare = (row: number): Pick => ({ row, score: 0, reason: { code: 'random', params: {} } });

/** Where an acquisition function finds fewer than were asked for. */
async function filler(scene: Scene, picks: readonly Pick[], size: number): Promise<Pick[]> {
  const taken = new Set(picks.map(({ row }) => row));
  const rest = await atRandom(scene, scene.open.length);
  return rest.filter(({ row }) => !taken.has(row)).slice(0, size - picks.length);
}

function isAudit(scene: Scene, { audit }: Settings, place: number): boolean {
  const ordinal = scene.answered + place;
  return ordinal >= audit.from && random(scene.seed, `audit place ${ordinal}`).uniform() < audit.share;
}
