import { type Command as Commander, Option } from 'commander';
import { Backend, Strategy } from '../../contract/jobs/trainer';
import { Task } from '../../contract/model';
import { ok, type Result } from '../../contract/result';
import { reasonSentence } from '../../contract/reasons';
import { learn, prepare, queueOf } from '../../trainer/engine';
import { startBackend } from '../engine/backend';
import { poolOf } from '../engine/pool';
import { snapshotOf } from '../engine/snapshot';
import {
  addEmbeddingOptions,
  addLabelColumnOptions,
  wholeNumber,
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
import { queueText, type QueueRow } from '../tables/results';

interface Options extends CommonOptions, EmbeddingOptions, LabelColumnOptions {
  readonly labels?: string;
  readonly task?: Task;
  readonly strategy: Strategy;
  readonly size: number;
  readonly out: string;
  readonly backend: Backend;
}

export function queue(program: Commander, run: Run): void {
  const command = program.command('queue').description('Which images to look at next, each with its reason.');
  addLabelColumnOptions(addEmbeddingOptions(command).option('--labels <LABELS.csv>', 'what is labelled already'))
    .addOption(new Option('--task <name>', 'default: multiclass where the table has a column "label"').choices(Task.options))
    .addOption(new Option('--strategy <name>', 'how images are chosen').choices(Strategy.options).default('auto'))
    .addOption(new Option('--size <n>', 'number of images').argParser(wholeNumber(1, 500)).default(10))
    .requiredOption('--out <QUEUE.csv>', 'the queue')
    .addOption(new Option('--backend <name>', 'where tensors are computed').choices(Backend.options).default('auto'))
    .action((options: Options) => run(options, (session) => rank(session, options)));
}

async function rank(session: Session, options: Options): Promise<Result<Summary>> {
  const free = await checkFiles([options.out], session.overwrite);
  if (!free.ok) return free;
  const labels = options.labels === undefined ? ok(null) : await readLabels(options.labels, options);
  if (!labels.ok) return labels;
  const embeddings = await readEmbeddings(options.embeddings, options.index);
  if (!embeddings.ok) return embeddings;
  const pool = poolOf(embeddings.value);
  const labelled = snapshotOf(pool, embeddings.value.card.encoder, labels.value, {
    seed: session.seed,
    settings: { strategy: options.strategy, queueSize: options.size },
    reserve: true,
  });
  if (!labelled.ok) return labelled;
  const started = await startBackend(options.backend, session);
  if (!started.ok) return started;
  const prepared = await prepare(labelled.value.snapshot, pool.vectors, undefined, session.signal);
  if (!prepared.ok) return prepared;
  // Too few labels for a head is where a queue is needed most: it is made without one.
  const learnt = await learn(prepared.value, '', session.signal);
  const entries = await queueOf(prepared.value, learnt.ok ? learnt.value : null, session.signal);
  const rows = entries.flatMap(({ row, score, audit, reason }): QueueRow[] => {
    const image = pool.images[row];
    return image ? [{ path: image.path, frame: image.frame, score, audit, code: reason.code, reason: reasonSentence(reason) }] : [];
  });
  const written = await writeFiles([{ file: options.out, content: queueText(rows) }]);
  if (!written.ok) return written;
  const values = { out: options.out, count: rows.length, labelled: prepared.value.table.labelled.length, withHead: learnt.ok };
  return ok(summary(`${String(rows.length)} images to look at next.`, { ...values, strategy: options.strategy }));
}
