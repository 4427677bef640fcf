import { annotatorState } from '../../contract/fold';
import { factsOf } from '../../contract/facts';
import type { ImageRecord } from '../../contract/model';
import type { CardFacts } from '../../contract/model-card';
import { fail, type Result } from '../../contract/result';
import { reachable } from '../../files/look';
import type { Processes } from '../processes';
import type { ProjectSession } from '../projects/session';
import type { FullRound } from '../projects/training';
import { measured } from './figures';

/** Images on which the exported model is compared with the app before it is kept. */
const CHECKED = 24;

/** The newest calibrated head, with its encoder or alone, checked against the proposals that the app shows. */
export async function exportModel(
  session: ProjectSession,
  processes: Processes,
  request: { out: string; parts: 'model' | 'head'; overwrite: boolean; version: string; signal: AbortSignal },
): Promise<Result<{ files: string[]; checked: number; maxDifference: number }>> {
  const full = session.training.full;
  if (!full?.round.head) return fail('export-nothing', { reason: 'there is no head yet' });
  const head = await processes.trainer.call('head', {});
  if (!head.ok) return head;
  const opened = await session.embedding.open();
  if (!opened.ok) return opened;
  if (head.value.file.id !== full.round.head.id)
    return fail('export-nothing', { reason: 'the head is just being fitted again; try in a moment' });

  const findings = full.round.head.findings.length;
  const chosen = await chooseChecked(session, full);
  if (chosen.length === 0) return fail('export-nothing', { reason: 'none of its images is there to check the model against' });
  const probabilities = new Float32Array(chosen.length * findings);
  chosen.forEach(({ row }, i) => probabilities.set(full.round.probabilities.subarray(row * findings, (row + 1) * findings), i * findings));

  return processes.encoder.call(
    'exportModel',
    {
      out: request.out,
      parts: request.parts,
      head: head.value.file,
      headTensors: head.value.tensors,
      check: chosen.map(({ image }) => session.sourceOf(image)),
      probabilities,
      overwrite: request.overwrite,
      card: {
        project: session.project.name,
        version: request.version,
        date: new Date().toISOString().slice(0, 10),
        labels: presentCounts(session),
        patients: patientsOf(session),
        ...measured(full.round),
      },
    },
    { signal: request.signal },
  );
}

/** Images all over the pool whose files are there. */
async function chooseChecked(session: ProjectSession, { images }: FullRound): Promise<{ row: number; image: ImageRecord }[]> {
  const chosen: { row: number; image: ImageRecord }[] = [];
  const step = Math.max(1, Math.floor(images.length / CHECKED));
  // First every step-th row, then those between, until there are enough.
  for (let offset = 0; offset < step && chosen.length < CHECKED; offset++) {
    for (let row = offset; row < images.length && chosen.length < CHECKED; row += step) {
      const image = session.image(images[row] ?? '');
      if (image && (await reachable(session.fileOf(image)))) chosen.push({ row, image });
    }
  }
  return chosen;
}

function presentCounts(session: ProjectSession): Record<string, number> {
  const counts = new Map(session.project.findings.map(({ id }) => [id, 0]));
  for (const cells of annotatorState(session.state, session.annotator.id).cells.values()) {
    for (const [finding, { state }] of cells) if (state === 'present') counts.set(finding, (counts.get(finding) ?? 0) + 1);
  }
  return Object.fromEntries(session.project.findings.map(({ id, name }) => [name, counts.get(id) ?? 0]));
}

/** Patients of the images that have an answer, by what the answers are used for. */
function patientsOf(session: ProjectSession): CardFacts['patients'] {
  const found = { train: new Set<string>(), audit: new Set<string>() };
  let unknown = 0;
  for (const [id, cells] of annotatorState(session.state, session.annotator.id).cells) {
    const image = session.image(id);
    const [first] = cells.values();
    if (!image || !first) continue;
    const { patient } = factsOf(image);
    if (patient === null) unknown++;
    else found[first.use].add(patient);
  }
  return { labelled: found.train.size, audited: found.audit.size, unknown };
}
