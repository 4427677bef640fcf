import { ramp } from './field';
import type { Random } from './random';

/** The two sides as seen: `-1` is left in the image, the patient's right. */
export type Side = -1 | 1;

/** One patient's thorax, in the coordinates of field.ts. */
export interface Anatomy {
  readonly apex: number;
  readonly chestWidth: number;
  /** Height of the top of each dome: [right of the patient, left of the patient]. */
  readonly dome: readonly [number, number];
  readonly domeDrop: number;
  readonly shoulder: number;
  readonly ribRadius: number;
  readonly ribGap: number;
  readonly ribDrop: number;
  readonly boneDensity: number;
  readonly tissue: number;
  readonly breast: number;
  readonly mediastinum: number;
  readonly knob: number;
  /** Cardiothoracic ratio. */
  readonly heart: number;
  readonly clavicle: number;
  readonly vesselSeed: number;
  readonly vesselAmount: number;
  readonly gasBubble: boolean;
}

/** The heart is drawn with its finding: the ratio is what the label says. Above 0.5 it counts as enlarged. */
export function drawAnatomy(random: Random, enlarged: boolean): Anatomy {
  const dome = random.normal(0.715, 0.022);
  return {
    apex: random.normal(0.105, 0.012),
    chestWidth: random.normal(0.392, 0.014),
    dome: [dome, dome + random.normal(0.022, 0.008)],
    domeDrop: random.between(0.085, 0.13),
    shoulder: random.normal(0.075, 0.015),
    ribRadius: random.normal(0.0115, 0.001),
    ribGap: random.normal(0.0735, 0.003),
    ribDrop: random.normal(0.115, 0.018),
    boneDensity: random.normal(1, 0.15),
    tissue: random.normal(1, 0.06),
    breast: random.chance(0.45) ? random.between(0.3, 1) : 0,
    mediastinum: random.normal(0.05, 0.005),
    knob: random.between(0.5, 1.2),
    heart: enlarged ? random.between(0.535, 0.66) : random.between(0.385, 0.475),
    clavicle: random.normal(0.155, 0.012),
    vesselSeed: random.bits(),
    vesselAmount: random.normal(1, 0.15),
    gasBubble: random.chance(0.7),
  };
}

/** Half-width of the lungs at a height: a dome at the apex, nearly straight below. */
export function lungWall({ apex, chestWidth }: Anatomy, y: number): number {
  const t = Math.min(1, Math.max(0, (y - apex) / (0.8 - apex)));
  const rounded = Math.sqrt(Math.max(0, 1 - (1 - t) ** 3.2));
  return chestWidth * rounded * (0.86 + 0.14 * t);
}

/** Outer half-width of the body: shoulders above, trunk below. */
export function bodyWall(anatomy: Anatomy, y: number): number {
  const trunk = anatomy.chestWidth + 0.055 + 0.012 * ramp(0.6, 1, y);
  return trunk + 0.26 * (1 - ramp(0.16, 0.5, y));
}

/** Inner edge of a lung: the mediastinum, wider towards the diaphragm. */
export function lungInner({ mediastinum }: Anatomy, y: number): number {
  return mediastinum * (0.75 + 0.25 * ramp(0.1, 0.3, y)) + 0.012 * ramp(0.55, 0.8, y);
}

/** Height of the diaphragm below a point. */
export function diaphragm(anatomy: Anatomy, side: Side, x: number): number {
  const top = anatomy.dome[side === -1 ? 0 : 1];
  const summit = 0.185;
  const lateral = (Math.abs(x) - summit) / (anatomy.chestWidth - summit);
  return lateral > 0 ? top + anatomy.domeDrop * lateral ** 2.2 : top + 0.055 * lateral ** 2;
}
