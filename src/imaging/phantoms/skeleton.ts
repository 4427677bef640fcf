import type { Anatomy, Side } from './anatomy';
import { lungWall } from './anatomy';
import { Field, SIZE, type Point } from './field';
import { random } from './random';

/** From thorax coordinates to pixels: the pose of one exposure. */
export type Pose = (point: Point) => Point;

const sides: readonly Side[] = [-1, 1];
const STEPS = 22;

function curve(pose: Pose, at: (t: number) => Point, steps = STEPS): Point[] {
  return Array.from({ length: steps + 1 }, (_, i) => pose(at(i / steps)));
}

/** Ribs, clavicles, shoulder blades and spine as path lengths through bone. */
export function drawSkeleton(anatomy: Anatomy, pose: Pose): Float32Array {
  const bone = new Field();
  for (const side of sides) {
    for (let rib = 0; rib < 11; rib++) drawRib(bone, anatomy, pose, side, rib);
    drawClavicle(bone, anatomy, pose, side);
    drawScapula(bone, anatomy, pose, side);
  }
  drawSpine(bone, anatomy, pose);
  return bone.data;
}

/** The back part leaves the spine, runs outwards and down to the wall; the front part comes back from there, steeper, and fades into cartilage. */
function drawRib(bone: Field, anatomy: Anatomy, pose: Pose, side: Side, rib: number): void {
  const { apex, ribGap, ribRadius, boneDensity } = anatomy;
  const start = apex + 0.025 + ribGap * rib;
  const drop = anatomy.ribDrop * (0.45 + 0.065 * rib) + 0.02 * rib * 0.25;
  // The wall is met where the rib arrives, which depends on how far it has come down.
  const wall = lungWall(anatomy, start + drop) + 0.004;
  if (wall < 0.06) return;
  const back = (t: number): Point => [
    side * (0.028 + (wall - 0.028) * Math.sin((t * Math.PI) / 2) ** 0.95),
    start - 0.018 * Math.sin(Math.PI * Math.min(1, t * 1.25)) + drop * t ** 2.1,
  ];
  const pixels = ribRadius * SIZE;
  bone.tube(
    curve(pose, back),
    (t) => pixels * (0.82 + 0.25 * t),
    (t) => boneDensity * 0.125 * (0.75 + 0.35 * t),
    0.78,
  );
  if (rib > 7) return;
  const [, meets] = back(1);
  const reach = wall - (0.1 + 0.012 * rib);
  const front = (t: number): Point => [
    side * (wall - reach * (1 - Math.cos((t * Math.PI) / 2))),
    meets + (0.15 + 0.01 * rib) * Math.sin((t * Math.PI) / 2) ** 1.15,
  ];
  bone.tube(
    curve(pose, front),
    (t) => pixels * (1 + 0.22 * t),
    (t) => boneDensity * 0.085 * (1 - t ** 3),
    0.72,
  );
}

function drawClavicle(bone: Field, { clavicle, boneDensity }: Anatomy, pose: Pose, side: Side): void {
  const line = (t: number): Point => [side * (0.035 + 0.31 * t), clavicle + 0.02 - 0.055 * t - 0.018 * Math.sin(2 * Math.PI * t)];
  bone.tube(
    curve(pose, line),
    (t) => SIZE * (0.0145 - 0.004 * Math.sin(Math.PI * t)),
    () => boneDensity * 0.17,
    0.72,
  );
}

function drawScapula(bone: Field, { chestWidth, boneDensity }: Anatomy, pose: Pose, side: Side): void {
  const edge = (t: number): Point => [side * (chestWidth - 0.005 + 0.075 * (1 - t) ** 1.5), 0.17 + 0.25 * t];
  bone.tube(
    curve(pose, edge),
    (t) => SIZE * (0.018 - 0.01 * t),
    () => boneDensity * 0.09,
    0.7,
  );
  const spine = (t: number): Point => [side * (chestWidth - 0.02 + 0.16 * t), 0.185 - 0.07 * t];
  bone.tube(
    curve(pose, spine, 10),
    () => SIZE * 0.017,
    () => boneDensity * 0.1,
    0.7,
  );
  const humerus = (t: number): Point => [side * (chestWidth + 0.125 + 0.02 * t), 0.13 + 0.16 * t];
  bone.tube(
    curve(pose, humerus, 10),
    (t) => SIZE * (0.045 - 0.018 * t),
    () => boneDensity * 0.2,
    0.8,
  );
}

/** Vertebral bodies with the discs between them, and the spinous processes in the middle. */
function drawSpine(bone: Field, { ribGap, apex, boneDensity }: Anatomy, pose: Pose): void {
  for (let i = -2; i < 14; i++) {
    const top = apex + 0.012 + ribGap * 0.86 * i;
    const half = 0.024 + 0.0006 * i;
    const body = (t: number): Point => [0, top + ribGap * 0.68 * t];
    bone.tube(
      curve(pose, body, 4),
      () => SIZE * half,
      () => boneDensity * 0.085,
      0.6,
    );
    const process = (t: number): Point => [0, top + ribGap * (0.35 + 0.3 * t)];
    bone.tube(
      curve(pose, process, 2),
      () => SIZE * 0.006,
      () => boneDensity * 0.035,
      0,
    );
  }
}

/** The vessels of both lungs: trees that leave the hila, thick and dense there, thin outside, more below than above. */
export function drawVessels(anatomy: Anatomy, pose: Pose): Float32Array {
  const vessels = new Field();
  const chance = random(anatomy.vesselSeed);
  const grow = (from: Point, angle: number, length: number, radius: number, depth: number): void => {
    const bend = chance.between(-0.35, 0.35);
    const line: Point[] = [];
    let [x, y] = from;
    for (let i = 0; i <= 6; i++) {
      line.push(pose([x, y]));
      x += (length / 6) * Math.cos(angle + bend * (i / 6));
      y += (length / 6) * Math.sin(angle + bend * (i / 6));
    }
    const tip = depth === 0 ? 0.25 : 0.68;
    vessels.tube(
      line,
      (t) => Math.max(0.7, SIZE * radius * (1 - (1 - tip) * t)),
      (t) => Math.min(0.17, 0.02 + 13 * radius * (1 - (1 - tip) * t)),
      0,
    );
    if (depth === 0) return;
    const turn = chance.between(0.25, 0.6);
    grow([x, y], angle + bend + turn, length * chance.between(0.6, 0.9), radius * 0.66, depth - 1);
    grow([x, y], angle + bend - turn, length * chance.between(0.6, 0.9), radius * 0.62, depth - 1);
  };
  for (const side of sides) {
    for (const [degrees, radius] of [
      [-72, 0.01],
      [-45, 0.0085],
      [-12, 0.008],
      [16, 0.0085],
      [38, 0.011],
      [58, 0.0135],
      [78, 0.011],
    ] as const) {
      // The lower vessels leave lower: the hilum is a region, not a point.
      const hilum: Point = [side * chance.between(0.058, 0.075), (side === -1 ? 0.432 : 0.412) + degrees * 0.0005];
      const angle = ((degrees + chance.between(-9, 9)) * Math.PI) / 180;
      grow(hilum, side === 1 ? angle : Math.PI - angle, chance.between(0.085, 0.12), radius * anatomy.vesselAmount, 4);
    }
  }
  return vessels.data;
}
