import { drawAnatomy } from './anatomy';
import { drawFindings, drawLabels, type FindingName } from './findings';
import { random } from './random';
import { drawExposure, render } from './render';

/** One picture of a sample folder. Its pixels follow from these numbers alone, so that any thread can draw it. */
export interface PhantomPlan {
  readonly seed: number;
  readonly patient: number;
  /** 1, or 2 for a patient who came again: the same thorax and findings, another exposure. */
  readonly visit: number;
}

export interface PlannedImage {
  readonly plan: PhantomPlan;
  readonly patientId: string;
  /** File name without extension. It gives nothing away but the patient. */
  readonly name: string;
  readonly labels: Readonly<Record<FindingName, boolean>>;
}

/** Which pictures a sample of `count` holds. */
export function planSample(count: number, seed: number): PlannedImage[] {
  const images: PlannedImage[] = [];
  for (let patient = 1; images.length < count; patient++) {
    const labels = drawLabels(random(seed, patient, 1));
    const visits = random(seed, patient, 2).chance(0.22) ? 2 : 1;
    const patientId = `P${String(patient).padStart(5, '0')}`;
    for (let visit = 1; visit <= visits && images.length < count; visit++) {
      images.push({ plan: { seed, patient, visit }, patientId, name: `${patientId}-${String(visit)}`, labels });
    }
  }
  return images;
}

/** The 12-bit samples of a planned picture, SIZE x SIZE. */
export function drawPhantom({ seed, patient, visit }: PhantomPlan): Uint16Array {
  const labels = drawLabels(random(seed, patient, 1));
  const chance = random(seed, patient, 3);
  const anatomy = drawAnatomy(chance, labels.cardiomegaly);
  const findings = drawFindings(chance, anatomy, labels);
  return render(anatomy, findings, drawExposure(random(seed, patient, 4, visit)));
}
