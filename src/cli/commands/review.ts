import { type Command as Commander, Option } from 'commander';
import { Backend } from '../../contract/jobs/trainer';
import { Task } from '../../contract/model';
import { ok, type Result } from '../../contract/result';
import { skillOf } from '../../trainer/calibration/acceptance';
import { learn, prepare } from '../../trainer/engine';
import { suspects } from '../../trainer/review/suspects';
import { startBackend } from '../engine/backend';
import { poolOf } from '../engine/pool';
import { snapshotOf } from '../engine/snapshot';
import {
  addEmbeddingOptions,
  addLabelColumnOptions,
  type CommonOptions,
  type EmbeddingOptions,
  type LabelColumnOptions,
  type Run,
} from '../options';
import { writeFiles } from '../../files/publish';
import { checkFiles } from '../outputs';
import { summary, type Session, type Summary } from '../session';
import { readEmbeddings } from '../tables/embeddings';
import { readLabels } from '../tables/labels';
import { suspectsText, type SuspectRow } from '../tables/results';

interface Options extends CommonOptions, EmbeddingOptions, LabelColumnOptions {
  readonly labels: string;
  readonly task?: Task;
  readonly all?: true;
  readonly out: string;
  readonly backend: Backend;
}

export function review(program: Commander, run: Run): void {
  const command = program.command('review').description('Labels that may be wrong: the images of all other patients speak against them.');
  addLabelColumnOptions(addEmbeddingOptions(command).requiredOption('--labels <LABELS.csv>', 'the labels'))
    .addOption(new Option('--task <name>', 'default: multiclass where the table has a column "label"').choices(Task.options))
    .option('--all', 'list every label of the findings that the model can tell, not only those that are suspect')
    .requiredOption('--out <SUSPECTS.csv>', 'the list, the most suspect first')
    .addOption(new Option('--backend <name>', 'where tensors are computed').choices(Backend.options).default('auto'))
    .action((options: Options) => run(options, (session) => reviewAll(session, options)));
}

async function reviewAll(session: Session, options: Options): Promise<Result<Summary>> {
  const free = await checkFiles([options.out], session.overwrite);
  if (!free.ok) return free;
  const labels = await readLabels(options.labels, options);
  if (!labels.ok) return labels;
  const embeddings = await readEmbeddings(options.embeddings, options.index);
  if (!embeddings.ok) return embeddings;
  const pool = poolOf(embeddings.value);
  const labelled = snapshotOf(pool, embeddings.value.card.encoder, labels.value, { seed: session.seed });
  if (!labelled.ok) return labelled;
  const { snapshot } = labelled.value;
  const started = await startBackend(options.backend, session);
  if (!started.ok) return started;
  const prepared = await prepare(snapshot, pool.vectors, undefined, session.signal);
  if (!prepared.ok) return prepared;
  const learnt = await learn(prepared.value, '', session.signal);
  if (!learnt.ok) return learnt;
  const { outOfFold } = learnt.value.fitted;
  const all = suspects(outOfFold, snapshot.base.task, skillOf(outOfFold, snapshot.base.task));
  const listed = options.all ? all : all.filter(({ flagged }) => flagged);
  const rows = listed.flatMap(({ row, finding, state, probability, score }): SuspectRow[] => {
    const image = pool.images[row];
    const name = snapshot.base.findings[finding] ?? '';
    return image ? [{ path: image.path, frame: image.frame, finding: name, label: state, probability, score }] : [];
  });
  const written = await writeFiles([{ file: options.out, content: suspectsText(rows) }]);
  if (!written.ok) return written;
  const flagged = all.filter((one) => one.flagged).length;
  return ok(summary(`${String(flagged)} of ${String(all.length)} labels are suspect.`, { out: options.out, flagged, judged: all.length }));
}
