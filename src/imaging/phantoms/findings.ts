import type { Anatomy, Side } from './anatomy';
import { lungInner, lungWall } from './anatomy';
import type { Random } from './random';

export const findingNames = ['opacity', 'nodule', 'effusion', 'cardiomegaly'] as const;
export type FindingName = (typeof findingNames)[number];

export interface Spot {
  readonly x: number;
  readonly y: number;
  readonly radius: number;
  readonly density: number;
}

export interface Effusion {
  readonly side: Side;
  /** Height of the fluid at the middle of the lung. */
  readonly level: number;
  /** How far it climbs along the chest wall. */
  readonly climb: number;
}

/** What is to be seen. `strength` runs from barely visible to plain. */
export interface Findings {
  readonly opacities: readonly (Spot & { stretch: number; tilt: number })[];
  readonly nodules: readonly Spot[];
  readonly effusions: readonly Effusion[];
}

/** Which findings a patient has: about two fifths are normal, several may come together. */
export function drawLabels(random: Random): Record<FindingName, boolean> {
  const ill = random.chance(0.62);
  const effusion = ill && random.chance(0.38);
  const cardiomegaly = ill && random.chance(effusion ? 0.45 : 0.3);
  const opacity = ill && random.chance(0.4);
  const nodule = ill && (random.chance(0.25) || !(effusion || cardiomegaly || opacity));
  return { opacity, nodule, effusion, cardiomegaly };
}

export function drawFindings(random: Random, anatomy: Anatomy, labels: Record<FindingName, boolean>): Findings {
  const side = (): Side => (random.chance(0.5) ? -1 : 1);
  const inLung = (top: number, bottom: number, margin: number): [number, number] => {
    const y = random.between(top, bottom);
    const inner = lungInner(anatomy, y) + margin;
    const outer = lungWall(anatomy, y) - margin;
    return [side() * random.between(Math.min(inner + 0.03, outer), outer), y];
  };
  const many = (likely: boolean, most: number) => (likely ? 1 + Math.floor(random.between(0, most)) : 0);
  const opacities = Array.from({ length: many(labels.opacity, 2.6) }, () => {
    const [x, y] = inLung(0.25, anatomy.dome[0] - 0.05, 0.045);
    return {
      x,
      y,
      radius: random.between(0.055, 0.11),
      density: random.between(0.4, 0.85),
      stretch: random.between(1, 1.7),
      tilt: random.between(0, 3.1),
    };
  });
  const nodules = Array.from({ length: many(labels.nodule, 1.6) }, () => {
    const [x, y] = inLung(0.2, anatomy.dome[0] - 0.03, 0.03);
    const radius = random.between(0.013, 0.032);
    return { x, y, radius, density: random.between(0.5, 1) * (0.085 + 2.6 * radius) };
  });
  const both = random.chance(0.35);
  const first = side();
  const sides: Side[] = labels.effusion ? (both ? [-1, 1] : [first]) : [];
  const effusions = sides.map((which) => {
    const severity = random.between(0, 1) ** 1.3;
    return { side: which, level: anatomy.dome[which === -1 ? 0 : 1] + 0.045 - 0.2 * severity, climb: random.between(0.07, 0.13) };
  });
  return { opacities, nodules, effusions };
}
