import { type Command as Commander, Option } from 'commander';
import { mkdir } from 'node:fs/promises';
import { Backend, type SnapshotBase } from '../../contract/jobs/trainer';
import { Task } from '../../contract/model';
import { readyColumns, readySource } from '../../contract/ready-head';
import { fail, ok, type Result } from '../../contract/result';
import { learn, prepare } from '../../trainer/engine';
import { startBackend } from '../engine/backend';
import { checkTuneFiles, fineTune, type TuneFiles } from '../engine/fine-tune';
import { poolOf } from '../engine/pool';
import { snapshotOf } from '../engine/snapshot';
import {
  addEmbeddingOptions,
  addLabelColumnOptions,
  names,
  type CommonOptions,
  type EmbeddingOptions,
  type LabelColumnOptions,
  type Run,
} from '../options';
import { writeFiles } from '../../files/publish';
import { checkFolder } from '../outputs';
import { summary, type Session, type Summary } from '../session';
import { readEmbeddings } from '../tables/embeddings';
import { headFiles, readHead } from '../../head-files/head-folder';
import { readLabels } from '../tables/labels';

const heads = ['auto', 'gda', 'logistic', 'attentive', 'block'] as const;

interface Options extends CommonOptions, EmbeddingOptions, LabelColumnOptions, TuneFiles {
  readonly labels: string;
  readonly out: string;
  readonly task?: Task;
  readonly head: (typeof heads)[number];
  readonly backend: Backend;
  readonly findings?: string[];
  readonly ready?: string;
}

export function fit(program: Commander, run: Run): void {
  const command = program.command('fit').description('Fit a head to the labels there are: the same that the app fits to the same answers.');
  addLabelColumnOptions(addEmbeddingOptions(command).requiredOption('--labels <LABELS.csv>', 'the labels'))
    .requiredOption('--out <HEAD_DIR>', 'head.json and head.safetensors')
    .addOption(new Option('--task <name>', 'default: multiclass where the table has a column "label"').choices(Task.options))
    .addOption(new Option('--head <kind>', 'kind of head').choices(heads).default('auto'))
    .addOption(new Option('--backend <name>', 'where tensors are computed').choices(Backend.options).default('auto'))
    .option('--findings <names>', 'findings in column order, separated by commas', names)
    .option(
      '--ready <ENCODER_DIR>',
      'an encoder made of a fine-tuned file: its own head speaks until the fitted one is better, as in the app',
    )
    .option(
      '--tokens <TOKENS.npy>',
      'patch tokens from "collimate embed --tokens", for the attentive head: with --head auto it replaces the linear one only where it is clearly better out of fold',
    )
    .option(
      '--block-input <FILE.npy>',
      'what goes into the last block, from "collimate embed --block-input", for a head that fine-tunes that block; --head auto as above',
    )
    .option('--encoder <DIR>', 'the encoder of the embeddings, whose last block is fine-tuned; goes with --block-input')
    .action((options: Options) => run(options, (session) => fitHead(session, options)));
}

async function fitHead(session: Session, options: Options): Promise<Result<Summary>> {
  const free = await checkFolder(options.out, session.overwrite);
  if (!free.ok) return free;
  const fitting = checkTuneFiles(options);
  if (!fitting.ok) return fitting;
  const isTuned = options.head === 'attentive' || options.head === 'block';
  const labels = await readLabels(options.labels, options);
  if (!labels.ok) return labels;
  const embeddings = await readEmbeddings(options.embeddings, options.index);
  if (!embeddings.ok) return embeddings;
  const pool = poolOf(embeddings.value);
  const labelled = snapshotOf(pool, embeddings.value.card.encoder, labels.value, {
    seed: session.seed,
    settings: { head: isTuned ? 'auto' : options.head },
    findings: options.findings,
  });
  if (!labelled.ok) return labelled;
  const { snapshot } = labelled.value;
  const ready = options.ready === undefined ? ok(null) : await readyFor(options.ready, snapshot.base);
  if (!ready.ok) return ready;
  const started = await startBackend(options.backend, session);
  if (!started.ok) return started;
  const prepared = await prepare({ ...snapshot, base: { ...snapshot.base, ready: ready.value } }, pool.vectors, undefined, session.signal);
  if (!prepared.ok) return prepared;
  // No time of making: the same labels give the same bytes.
  const learnt = await learn(prepared.value, '', session.signal);
  if (!learnt.ok) return learnt;
  const tuning = await fineTune(session, options, prepared.value, learnt.value, pool, embeddings.value);
  if (!tuning.ok) return tuning;
  const tuned = tuning.value;
  const { head } = tuned && (tuned.wins || isTuned) ? tuned : learnt.value;
  await mkdir(options.out, { recursive: true });
  const written = await writeFiles(headFiles(options.out, head));
  if (!written.ok) return written;
  const { id, kind, findings, labels: used, task } = head.file;
  const unmatched = labelled.value.unmatched.length;
  if (unmatched > 0) session.note(`collimate: ${String(unmatched)} rows of ${options.labels} name images that are not embedded.`);
  const values = {
    out: options.out,
    id,
    kind,
    task,
    findings,
    ready: head.file.ready?.findings ?? null,
    labels: used.count,
    unmatched,
    backend: started.value.backend,
    tuned: tuned && { wins: tuned.wins, loss: tuned.loss, linearLoss: tuned.linearLoss, passes: tuned.passes },
  };
  const compared = tuned
    ? ` Out-of-fold log loss ${tuned.loss.toFixed(4)} ${tuned.head.file.kind}, ${tuned.linearLoss.toFixed(4)} linear: ${tuned.wins ? 'clearly better' : 'not clearly better'}.`
    : '';
  return ok(summary(`Head ${id} (${kind}) from ${String(used.count)} labelled images in ${options.out}.${compared}`, values));
}

/** The encoder's own head for the findings of the labels. */
async function readyFor(folder: string, { task, findings }: SnapshotBase): Promise<Result<SnapshotBase['ready']>> {
  const head = await readHead(folder);
  if (!head.ok) return head;
  const columns = readyColumns(task, findings, head.value.file);
  if (!columns)
    return fail('head-invalid', { folder, reason: `it is a ${head.value.file.task} head for ${head.value.file.findings.join(', ')}` });
  return ok(readySource(head.value, columns));
}
