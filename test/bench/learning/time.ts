import { defaultSettings, type LabelDelta, type SnapshotBase } from '../../../src/contract/jobs/trainer';
import { unwrap } from '../../../src/contract/result';
import { prepare, fullRound, quickRound } from '../../../src/trainer/engine';
import { buildBasis } from '../../../src/trainer/basis';
import { matrix } from '../../../src/trainer/matrix';
import { random } from '../../../src/trainer/random';

export interface Times {
  readonly images: number;
  readonly findings: number;
  /** Milliseconds of the processor, which other programs on the machine do not stretch, and of the clock. */
  readonly quick: readonly { cpu: number; wall: number }[];
  readonly full: { cpu: number; wall: number };
}

async function timed<T>(work: () => Promise<T>): Promise<{ value: T; cpu: number; wall: number }> {
  const [cpu, wall] = [process.cpuUsage(), performance.now()];
  const value = await work();
  const used = process.cpuUsage(cpu);
  return { value, cpu: (used.user + used.system) / 1000, wall: performance.now() - wall };
}

/** The round after one answer, `repeats` times, and a full round: d = 384, `labels` images read in every finding. */
export async function times(images: number, findings: number, labels: number, repeats: number): Promise<Times> {
  const d = 384;
  const draw = random(1, 'time');
  const axes = Float32Array.from({ length: findings * d }, () => draw.normal() / 8);
  const truth = Int8Array.from({ length: images * findings }, () => (draw.uniform() < 0.2 ? 1 : 0));
  const data = Float32Array.from({ length: images * d }, () => draw.normal());
  for (let i = 0; i < images; i++) {
    for (let f = 0; f < findings; f++) {
      if (truth[i * findings + f] === 1) for (let c = 0; c < d; c++) data[i * d + c] = (data[i * d + c] ?? 0) + (axes[f * d + c] ?? 0);
    }
  }
  const rows = matrix(images, d, data);
  const base: SnapshotBase = {
    encoder: { id: 'time', name: 'time', d },
    task: 'multilabel',
    findings: Array.from({ length: findings }, (_, f) => `finding ${String(f)}`),
    seed: 1,
    settings: defaultSettings,
    embeddings: Array.from({ length: images }, (_, i) => String(i)),
    groups: Int32Array.from({ length: images }, (_, i) => i),
  };
  const answers: LabelDelta[] = [];
  const answer = (row: number) => {
    for (let finding = 0; finding < findings; finding++)
      answers.push({ row, finding, state: truth[row * findings + finding] ?? 0, use: 'train', seq: row });
  };
  for (let row = 0; row < labels; row++) answer(row);
  const basis = await buildBasis(rows, base.seed, base.settings.components);
  const whole = await timed(async () =>
    fullRound(unwrap(await prepare({ base, labels: answers }, rows, basis)), 0, '2026-01-01T00:00:00.000Z', new Map()),
  );
  const last = whole.value.learnt;
  if (!last) throw new Error('no head');
  const quick: { cpu: number; wall: number }[] = [];
  for (let i = 0; i < repeats; i++) {
    answer(labels + i);
    const { cpu, wall } = await timed(async () =>
      quickRound(unwrap(await prepare({ base, labels: answers }, rows, basis)), i, '2026-01-01T00:00:00.000Z', last),
    );
    quick.push({ cpu, wall });
  }
  return { images, findings, quick, full: { cpu: whole.cpu, wall: whole.wall } };
}
