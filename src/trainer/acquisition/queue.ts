import type { QueueEntry, Settings, Strategy } from '../../contract/jobs/trainer';
import { random } from '../random';
import { typical } from './clusters';
import { atRandom } from './diversity';
import { queueRules, type Rule } from './rules';
import type { Acquisition, Pick, Scene } from './scene';

/** The first labels are of typical images, which hardly ever show what is rare; as many again are drawn at random. */
const TYPICAL = 10;
/** A head of fewer labels says too little to choose by. */
const LABELS_FOR_HEAD = 20;

const typicalImages = typical(TYPICAL);

/** What chooses in this scene, for the rule that was asked for. */
function acquisitionFor(strategy: Strategy, scene: Scene, rules: Readonly<Record<string, Rule>>): Acquisition {
  if (strategy === 'auto') return automatic(scene);
  const rule = rules[strategy];
  if (!rule) throw new Error(`no rule of the queue is called ${strategy}`);
  if (rule.begins?.(scene) === true) return rule.choose;
  if (scene.labelled.length === 0) return typicalImages;
  return rule.needsHead === true && scene.scores === null ? queueRules.herding.choose : rule.choose;
}

/**
 * The default: typical images, then images drawn at random, then those whose answer takes most of the head's uncertainty away
 * (test/bench/learning/README.md says what was compared).
 */
function automatic({ labelled, scores }: Scene): Acquisition {
  if (labelled.length < TYPICAL) return typicalImages;
  return scores === null || labelled.length < LABELS_FOR_HEAD ? atRandom : queueRules.variance.choose;
}

/**
 * The next images to ask about, the first to be asked first. From the `audit.from`-th label on each place is an audit draw with probability
 * `audit.share`: which places hangs on the seed alone, and which images on the reserve, so that a new ranking neither repeats nor avoids
 * draws. Where nothing else is left come the images that can teach nothing any more, then the rest of the reserve.
 */
export async function rankQueue(
  scene: Scene,
  settings: Settings,
  rules: Readonly<Record<string, Rule>> = queueRules,
): Promise<QueueEntry[]> {
  const size = Math.min(settings.queueSize, scene.open.length);
  let picks = await acquisitionFor(settings.strategy, scene, rules)(scene, size);
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
