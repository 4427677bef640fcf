import type { RoundView } from '../../../../src/contract/views';
import type { HeadFile } from '../../../../src/contract/head';
import type { Metrics, QueueEntry } from '../../../../src/contract/jobs/trainer';
import type { Id, ImageRecord, Project, Task } from '../../../../src/contract/model';
import { isReserved } from '../../../../src/contract/reserve';

/** In [0, 1), the same for the same number. */
const noise = (n: number): number => {
  const x = Math.sin(n * 12.9898 + 4.1414) * 43758.5453;
  return x - Math.floor(x);
};

function probabilitiesOf(row: number, findings: number, task: Task): number[] {
  const raw = Array.from({ length: findings }, (_, k) => noise(row * 31 + k * 17));
  if (task === 'multilabel') return raw.map((p) => (p < 0.5 ? p ** 3 : 1 - (1 - p) ** 2));
  const powers = raw.map((p) => p ** 3 + 0.01);
  const sum = powers.reduce((a, b) => a + b, 0);
  return powers.map((p) => p / sum);
}

function reasonOf(row: number, audit: boolean, hasHead: boolean, { findings }: Project): QueueEntry['reason'] {
  if (audit) return { code: 'audit', params: {} };
  if (!hasHead) return { code: 'typical', params: { size: 57 } };
  const [first, second] = findings;
  if (row % 3 === 0 && first && second) return { code: 'tie', params: { first: first.name, second: second.name, probability: 0.44 } };
  return { code: 'representative', params: { finding: second?.name ?? '', probability: 0.58 } };
}

const readyHeadOf = (project: Project, labels: number, served: readonly string[]): HeadFile => {
  const names = project.findings.map(({ name }) => name);
  return {
    ...headOf(project, labels),
    ready: { head: 'ready', findings: names.map((name) => served.includes(name)) },
    calibration: {
      method: 'none',
      perFinding: names.map((name) => (served.includes(name) ? 'none' : served.length > 1 ? 'unknown' : 'platt')),
    },
  };
};

const headOf = (project: Project, labels: number): HeadFile => ({
  format: 'collimate-head',
  version: 1,
  id: `head${String(labels)}`,
  kind: labels < 60 ? 'gda' : 'logistic',
  task: project.task,
  findings: project.findings.map(({ name }) => name),
  encoder: { id: 'e'.repeat(64), name: 'Wavelet scattering', d: 1000 },
  projection: null,
  calibration: { method: 'platt', perFinding: [] },
  prior: { source: 'labels', values: [], n: labels },
  regularisation: null,
  seed: 1,
  labels: { hash: '', count: labels, perFinding: [] },
  created: '2026-11-22T10:00:00.000Z',
});

const metricsOf = ({ findings }: Project, labelled: number): Metrics => ({
  labelled,
  prequential:
    labelled < 4
      ? null
      : {
          n: labelled,
          correct: Math.round(labelled * 0.78),
          curve: Array.from({ length: labelled }, (_, i) => ({ n: i + 1, accuracy: 0.8 - 0.4 / (i + 1) + noise(i) * 0.06 })),
        },
  audit: labelled < 8 ? null : { images: 12, n: 12, correct: 11, low: 0.65, high: 0.99 },
  notBlind: labelled < 8 ? 0 : 3,
  reserve: { patients: 60, asked: labelled < 8 ? 0 : 12 },
  calibration:
    labelled < 8
      ? null
      : {
          n: labelled,
          ece: 0.061,
          brier: 0.142,
          bins: [0.08, 0.27, 0.49, 0.71, 0.93].map((mean, i) => ({
            n: 4 + i * 3,
            mean,
            observed: Math.min(1, mean + (i % 2 ? 0.07 : -0.04)),
          })),
        },
  findings: findings.map((_, finding) => ({
    finding,
    present: 8 + finding,
    absent: 20 - finding,
    unsure: 1,
    auroc: labelled < 8 ? null : 0.91 - finding * 0.05,
    audit: labelled < 8 || finding > 0 ? null : { n: 41, auroc: 0.93, low: 0.82, high: 0.97 },
  })),
  heads:
    labelled < 8
      ? []
      : (['gda', 'logistic'] as const).map((kind, i) => ({
          kind,
          used: kind === (labelled < 60 ? 'gda' : 'logistic'),
          n: labelled,
          logLoss: 0.52 - i * 0.03,
          auroc: 0.86 + i * 0.01,
        })),
  lowEvidence: labelled < 20,
  sets: labelled < 8 ? null : { alpha: 0.1, least: findings.map(() => 0.2), n: findings.map((_, i) => 52 + i) },
  learningCurve:
    labelled < 8
      ? null
      : { points: [8, 12, 18, 27].map((n) => ({ n, auroc: 0.95 - 1.4 / n })), a: 0.95, b: 1.4, c: 1, more: 50, gain: 0.034 },
  stop: labelled < 8 ? null : { kappas: [0.91, 0.97, 0.99], gain: 0.034, advised: false, n: labelled },
});

interface Wish {
  readonly seq: number;
  readonly images: readonly ImageRecord[];
  readonly labelled: ReadonlySet<Id>;
  /** Images of the reserve that were asked blind. */
  readonly blind: ReadonlySet<Id>;
  /** From this many labels on there is a head. */
  readonly headFrom: number;
  /** The encoder's file brought a head: for these findings it speaks before any label, for the first of them also afterwards. */
  readonly ready?: readonly string[] | undefined;
  readonly acceptance?: RoundView['acceptance'] | undefined;
}

/** Skill of every finding; absent below a tenth. */
const acceptanceOf = ({ findings }: Project): NonNullable<RoundView['acceptance']> => ({
  skill: findings.map(() => true),
  enough: findings.map(() => true),
  present: findings.map(() => 0.9),
  absent: findings.map(() => 0.1),
  missed: 0.1,
  needed: 9,
  positives: findings.map((_, k) => 14 - k),
  wrong: findings.map((_, k) => (k === 0 ? { n: 38, wrong: 1, low: 0.0007, high: 0.138 } : null)),
});

/** Probabilities and a queue, the same for the same labels. */
export function roundOf(project: Project, { seq, images, labelled, blind, headFrom, ready, acceptance }: Wish): RoundView {
  const { findings, task } = project;
  const hasHead = labelled.size >= headFrom;
  const probabilities = new Float32Array(hasHead || ready ? images.length * findings.length : 0);
  if (hasHead || ready) images.forEach((_, row) => probabilities.set(probabilitiesOf(row, findings.length, task), row * findings.length));
  const queue: QueueEntry[] = images
    .flatMap((image, row) => {
      const audit = isReserved(image, project);
      return (audit ? blind : labelled).has(image.id)
        ? []
        : [{ row, score: noise(row * 7 + labelled.size), audit, reason: reasonOf(row, audit, hasHead, project) }];
    })
    .sort((a, b) => b.score - a.score)
    .slice(0, 50);
  const head = hasHead ? headOf(project, labelled.size) : null;
  return {
    project: project.id,
    pool: 1,
    stage: hasHead ? 'quick' : 'cold',
    seq,
    head: ready ? readyHeadOf(project, labelled.size, hasHead ? ready.slice(0, 1) : ready) : head,
    probabilities,
    queue,
    metrics: metricsOf(project, labelled.size),
    acceptance: acceptance === undefined ? (hasHead ? acceptanceOf(project) : null) : acceptance,
    milliseconds: 63,
  };
}
