import { bodyWall, diaphragm, lungInner, lungWall, type Anatomy, type Side } from './anatomy';
import { clouds, ramp, SIZE, type Point } from './field';
import type { Findings } from './findings';
import { random, type Random } from './random';
import { drawSkeleton, drawVessels, type Pose } from './skeleton';

/** How one picture was taken. */
export interface Exposure {
  readonly angle: number;
  readonly scale: number;
  readonly shift: Point;
  /** Log exposure: moves the whole picture. */
  readonly level: number;
  readonly contrast: number;
  readonly noise: number;
  readonly collimated: readonly [left: number, right: number, top: number, bottom: number];
  readonly marker: Side;
  readonly seed: number;
}

export function drawExposure(chance: Random): Exposure {
  const blade = () => (chance.chance(0.3) ? chance.between(0.005, 0.025) : 0);
  return {
    angle: chance.normal(0, 0.022),
    scale: chance.normal(1, 0.035),
    shift: [chance.normal(0, 0.012), chance.normal(0.012, 0.015)],
    level: chance.normal(0, 0.05),
    contrast: chance.normal(1, 0.1),
    noise: chance.between(0.006, 0.017),
    collimated: [blade(), blade(), blade(), blade()],
    marker: chance.chance(0.5) ? 1 : -1,
    seed: chance.bits(),
  };
}

export const MAXIMUM = 4095;

/** The phantom as 12-bit samples, SIZE x SIZE, high values bright (dense). */
export function render(anatomy: Anatomy, findings: Findings, exposure: Exposure): Uint16Array {
  const { angle, scale, shift } = exposure;
  const cos = Math.cos(angle);
  const sin = Math.sin(angle);
  const pose: Pose = ([x, y]) => {
    const u = x * scale;
    const v = (y - 0.5) * scale;
    return [(u * cos - v * sin + shift[0] + 0.5) * SIZE, (u * sin + v * cos + shift[1] + 0.5) * SIZE];
  };
  const bone = drawSkeleton(anatomy, pose);
  const vessels = drawVessels(anatomy, pose);
  return develop(thickness(anatomy, findings, exposure, bone, vessels), exposure);
}

/** Adds up what each ray passes: soft tissue, less where lung is air, more where something lies in it, and bone. */
function thickness(anatomy: Anatomy, findings: Findings, exposure: Exposure, bone: Float32Array, vessels: Float32Array): Float32Array {
  const { angle, scale, shift } = exposure;
  const cos = Math.cos(angle);
  const sin = Math.sin(angle);
  const out = new Float32Array(SIZE * SIZE);
  const walls = table((y) => lungWall(anatomy, y));
  const bodies = table((y) => bodyWall(anatomy, y));
  const inners = table((y) => lungInner(anatomy, y));
  const domeRight = table((x) => diaphragm(anatomy, -1, x));
  const domeLeft = table((x) => diaphragm(anatomy, 1, x));
  const rightKnob = table((y) => knobAt(anatomy, -1, y));
  const leftKnob = table((y) => knobAt(anatomy, 1, y));
  const apices = table((y) => Math.sqrt(ramp(anatomy.apex - 0.01, anatomy.apex + 0.14, y)));
  const shoulders = table((x) => shoulderLine(anatomy, x));
  const chance = random(exposure.seed, 1);
  const large = clouds(chance, 46);
  const fine = clouds(chance, 17);
  const heart = heartOf(anatomy);
  for (let py = 0; py < SIZE; py++) {
    for (let px = 0; px < SIZE; px++) {
      const i = py * SIZE + px;
      const u0 = px / SIZE - 0.5 - shift[0];
      const v0 = py / SIZE - 0.5 - shift[1];
      const x = (u0 * cos + v0 * sin) / scale;
      const y = (v0 * cos - u0 * sin) / scale + 0.5;
      const side: Side = x < 0 ? -1 : 1;
      const X = Math.abs(x);
      const body = look(bodies, y);
      // Above the shoulders there is air beside the neck.
      const inside = ramp(0, 0.012, body - X) * Math.max(ramp(0, 0.012, y - look(shoulders, X)), ramp(0, 0.035, 0.1 - X));
      if (inside === 0) continue;
      const round = Math.sqrt(Math.max(0, 1 - (X / (body + 0.02)) ** 2));
      const dome = look(side === -1 ? domeRight : domeLeft, X);
      const belly = ramp(-0.004, 0.012, y - dome);
      let tissue = anatomy.tissue * (0.4 + 0.36 * round) + 0.1 * ramp(0, 0.2, y - dome) * round;
      // The neck is thinner than the trunk.
      tissue -= 0.14 * ramp(0.19, 0.06, y);
      // Soft tissue of the breasts over the lower lungs.
      if (anatomy.breast > 0) tissue += 0.09 * anatomy.breast * bump((X - 0.2) / 0.16, (y - 0.66) / 0.14);
      const inner = look(inners, y);
      const wall = look(walls, y);
      const u = (X - inner) / Math.max(wall - inner, 0.02);
      let lung = 0;
      if (u > 0 && u < 1) {
        const across = Math.sqrt(Math.sqrt(4 * u * (1 - u)));
        lung = across * look(apices, y) * (1 - belly);
        // Lung reaches down behind the dome.
        lung += 0.16 * across * belly * ramp(0.13, 0, y - dome);
      }
      const mediastinum = ramp(0.022, -0.014, X - inner - look(side === -1 ? rightKnob : leftKnob, y)) * ramp(0.95, 0.75, y);
      const cardiac = heart(x, y);
      lung *= 1 - 0.92 * cardiac;
      lung *= 1 - 0.9 * mediastinum;
      const solid = consolidation(findings, x, y, () => 0.28 * large(px, py) + 0.22 * fine(px, py));
      const fluid = effusion(findings, side, y, u);
      lung *= (1 - 0.8 * solid) * (1 - 0.93 * fluid);
      let value = tissue - (lung > 0 ? 0.48 * lung * (1 + 0.035 * large(px, py)) : 0);
      value += 0.1 * mediastinum + 0.085 * cardiac + 0.045 * fluid * (u > 0 && u < 1 ? 1 : 0);
      // Vessels that cross do not add up without end.
      const vessel = vessels[i] as number;
      if (vessel > 0) value += ((0.14 * vessel) / (0.1 + vessel)) * Math.min(1, 1.5 * lung + 0.06);
      value += (bone[i] as number) * (0.5 + 0.6 * Math.min(1, 1.5 * lung));
      value -=
        (X < 0.09 ? airway(X, y) : 0) + (anatomy.gasBubble && side === 1 ? 0.13 * bump((X - 0.17) / 0.06, (y - dome - 0.055) / 0.035) : 0);
      for (const nodule of findings.nodules) {
        const d = ((x - nodule.x) ** 2 + (y - nodule.y) ** 2) / nodule.radius ** 2;
        if (d < 1) value += nodule.density * Math.sqrt(1 - d) * (0.8 + 0.2 * lung);
      }
      out[i] = Math.max(0, value) * inside;
    }
  }
  return out;
}

/** The share of the lung that opacities fill; `ragged` frays their edges. */
function consolidation({ opacities }: Findings, x: number, y: number, ragged: () => number): number {
  let solid = 0;
  for (const { x: ox, y: oy, radius, density, stretch, tilt } of opacities) {
    if (Math.abs(x - ox) > 1.6 * radius || Math.abs(y - oy) > 1.6 * radius) continue;
    const dx = (x - ox) * Math.cos(tilt) + (y - oy) * Math.sin(tilt);
    const dy = ((y - oy) * Math.cos(tilt) - (x - ox) * Math.sin(tilt)) * stretch;
    const d = Math.sqrt(dx * dx + dy * dy) / radius;
    if (d < 1.6) solid = Math.max(solid, density * ramp(1.25, 0.2, d + ragged()));
  }
  return solid;
}

/** The share that fluid fills: below a level that climbs steeply along the chest wall, a little along the mediastinum. `u`: 0 at the inner edge, 1 at the wall. */
function effusion({ effusions }: Findings, side: Side, y: number, u: number): number {
  let fluid = 0;
  for (const { side: of, level, climb } of effusions) {
    if (of !== side || y < level - 0.4) continue;
    const surface = level - climb * Math.max(0, u) ** 3 - 0.025 * (1 - Math.min(1, u)) ** 3;
    fluid = Math.max(fluid, ramp(-0.02, 0.045, y - surface));
  }
  return fluid;
}

/** 1 at the middle, 0 outside of the unit circle. */
function bump(u: number, v: number): number {
  const q = 1 - u * u - v * v;
  return q > 0 ? q * (2 - q) : 0;
}

const shoulderLine = ({ shoulder }: Anatomy, X: number) =>
  shoulder + (X < 0.1 ? 0 : 0.9 * (X - 0.1) ** 2 + 0.05 * (X - 0.1)) - 0.05 * ramp(0.16, 0.08, X);

/** The windpipe, down to where it divides. */
const airway = (X: number, y: number) =>
  0.085 * ramp(0.021, 0.012, X) * ramp(0.4, 0.36, y) +
  0.05 * ramp(0.014, 0.006, Math.abs(X - (y - 0.37) * 0.9)) * ramp(0.36, 0.37, y) * ramp(0.45, 0.42, y);

/** Bulges of the mediastinum: on the patient's left the aortic arch and the pulmonary trunk, on the right the vena cava. */
function knobAt({ knob }: Anatomy, side: Side, y: number): number {
  if (side === -1) return 0.012 * ramp(0.16, 0.24, y) * ramp(0.5, 0.42, y);
  const arch = Math.max(0, 1 - ((y - 0.295) / 0.05) ** 2);
  const trunk = Math.max(0, 1 - ((y - 0.39) / 0.055) ** 2);
  return knob * (0.03 * Math.sqrt(arch) + 0.018 * Math.sqrt(trunk));
}

/** The heart's share of a ray, 0..1: two thirds on the patient's left, its apex pointing down and outwards. */
function heartOf(anatomy: Anatomy): (x: number, y: number) => number {
  const width = anatomy.heart * 2 * anatomy.chestWidth;
  const left = width * 0.68;
  const right = width * 0.32;
  const height = 0.105 + 0.28 * width;
  const bottom = anatomy.dome[1] + 0.035;
  const center = bottom - height * 0.62;
  return (x, y) => {
    const across = x > 0 ? x / left : -x / right;
    if (across >= 1) return 0;
    const below = y - center - (x > 0 ? 0.32 * x : 0.1 * x);
    const v = below / (height * (below < 0 ? 0.95 : 0.72));
    if (v <= -1 || v >= 1) return 0;
    const q = 1 - across ** 2.3 - Math.abs(v) ** 2.2;
    return q > 0 ? Math.min(1, Math.sqrt(q) * 1.5) * ramp(0, 0.07, q) : 0;
  };
}

const TABLE = 1024;

/** A function of a coordinate, precomputed on 0..1. */
const table = (of: (position: number) => number) => Float32Array.from({ length: TABLE + 1 }, (_, i) => of(i / TABLE));

const look = (values: Float32Array, position: number) =>
  values[position <= 0 ? 0 : position >= 1 ? TABLE : (position * TABLE + 0.5) | 0] as number;

/** Scatter, quantum noise, the detector's curve, collimator blades and the side marker; then 12 bits. */
function develop(density: Float32Array, exposure: Exposure): Uint16Array {
  const { level, contrast, noise, collimated, marker } = exposure;
  const chance = random(exposure.seed, 2);
  const out = new Uint16Array(SIZE * SIZE);
  const curve = table((half) => (1 / (1 + Math.exp(-4.1 * contrast * (2 * half - 0.5 - level))) - 0.115) / 0.84);
  const grain = new Float32Array(SIZE * SIZE);
  for (let i = 0; i < grain.length; i++) {
    const bits = chance.bits();
    // The sum of four bytes is near enough to a normal distribution, of standard deviation 148.
    grain[i] = ((bits & 255) + ((bits >>> 8) & 255) + ((bits >>> 16) & 255) + (bits >>> 24) - 510) / 148;
  }
  const [left, right, top, bottom] = collimated.map((share) => share * SIZE) as [number, number, number, number];
  for (let y = 0; y < SIZE; y++) {
    for (let x = 0; x < SIZE; x++) {
      const i = y * SIZE + x;
      const d = density[i] as number;
      // Fewer quanta pass dense parts: noise grows with what is absorbed. Neighbours share some of it.
      const blurred =
        x > 0 && y > 0
          ? ((grain[i] as number) + 0.6 * (grain[i - 1] as number) + 0.6 * (grain[i - SIZE] as number)) * 0.76
          : (grain[i] as number);
      const v = d + blurred * noise * (1 + 0.55 * d + 0.15 * d * d);
      let shown = look(curve, v / 2);
      if (x < left || x >= SIZE - right || y < top || y >= SIZE - bottom) shown = 0.02;
      else if (inMarker(x, y, marker)) shown = 0.97;
      out[i] = Math.round(Math.min(1, Math.max(0.004, shown)) * MAXIMUM);
    }
  }
  return out;
}

/** A lead letter beside a shoulder: L on the patient's left, R on the right. */
function inMarker(x: number, y: number, side: Side): boolean {
  const u = Math.floor((x - (side === 1 ? SIZE * 0.925 : SIZE * 0.045)) / 3);
  const v = Math.floor((y - SIZE * 0.045) / 3);
  if (u < 0 || u > 4 || v < 0 || v > 6) return false;
  const letter =
    side === 1
      ? ['10000', '10000', '10000', '10000', '10000', '10000', '11111']
      : ['11110', '10001', '10001', '11110', '10100', '10010', '10001'];
  return letter[v]?.[u] === '1';
}
