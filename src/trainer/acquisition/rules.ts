import type { Strategy } from '../../contract/jobs/trainer';
import { coldStart } from './clusters';
import { atRandom, badge, dropQuery, kCentre } from './diversity';
import { herding } from './herding';
import { canSearch, rare } from './rare';
import type { Acquisition, Scene } from './scene';
import { mostUncertain } from './uncertainty';
import { varianceReduction } from './variance';

/** A rule by which the queue chooses images. */
export interface Rule {
  readonly choose: Acquisition;
  /** Whether it can choose before the first label; typical images are asked for otherwise. */
  readonly begins?: (scene: Scene) => boolean;
  /** Without a head herding stands in for it. */
  readonly needsHead?: boolean;
}

const always = () => true;

/** All of them; the automatic choice is made among these (queue.ts). How to add one: docs/adding.md. */
export const queueRules: Readonly<Record<Exclude<Strategy, 'auto'>, Rule>> = {
  random: { choose: atRandom, begins: always },
  coldstart: { choose: coldStart, begins: always },
  variance: { choose: varianceReduction() },
  herding: { choose: herding() },
  margin: { choose: mostUncertain('margin'), needsHead: true },
  entropy: { choose: mostUncertain('entropy'), needsHead: true },
  'least-confidence': { choose: mostUncertain('least-confidence'), needsHead: true },
  badge: { choose: badge, needsHead: true },
  dropquery: { choose: dropQuery, needsHead: true },
  kcentre: { choose: kCentre },
  rare: { choose: rare, begins: canSearch },
};
