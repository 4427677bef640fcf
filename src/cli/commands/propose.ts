import { type Command as Commander, Option } from 'commander';
import { Backend } from '../../contract/jobs/trainer';
import { fail, ok, type Result } from '../../contract/result';
import { propose as proposals } from '../../trainer/heads/formula';
import { startBackend } from '../engine/backend';
import { poolOf } from '../engine/pool';
import { addEmbeddingOptions, type CommonOptions, type EmbeddingOptions, type Run } from '../options';
import { checkFiles, writeFiles } from '../outputs';
import { summary, type Session, type Summary } from '../session';
import { readEmbeddings } from '../tables/embeddings';
import { readHead } from '../../encoder/head-folder';
import { proposalsText } from '../tables/results';

interface Options extends CommonOptions, EmbeddingOptions {
  readonly head: string;
  readonly out: string;
  readonly backend: Backend;
}

export function propose(program: Commander, run: Run): void {
  addEmbeddingOptions(
    program
      .command('propose')
      .description('What a head says of every embedded image: the calibrated probability of each finding.')
      .requiredOption('--head <HEAD_DIR>', 'a head made by "collimate fit"'),
  )
    .requiredOption('--out <PROPOSALS.csv>', 'the proposals')
    .addOption(new Option('--backend <name>', 'where tensors are computed').choices(Backend.options).default('auto'))
    .action((options: Options) => run(options, (session) => proposeAll(session, options)));
}

async function proposeAll(session: Session, options: Options): Promise<Result<Summary>> {
  const free = await checkFiles([options.out], session.overwrite);
  if (!free.ok) return free;
  const head = await readHead(options.head);
  if (!head.ok) return head;
  const embeddings = await readEmbeddings(options.embeddings, options.index);
  if (!embeddings.ok) return embeddings;
  const { encoder, findings } = head.value.file;
  const found = embeddings.value.card.encoder;
  if (found.id !== encoder.id) return fail('embedding-foreign', { found: found.name, expected: encoder.name });
  const pool = poolOf(embeddings.value);
  const started = await startBackend(options.backend, session);
  if (!started.ok) return started;
  const probabilities = await proposals(head.value, pool.vectors, session.signal);
  const written = await writeFiles([{ file: options.out, parts: [Buffer.from(proposalsText(findings, pool.images, probabilities))] }]);
  if (!written.ok) return written;
  const count = pool.images.length;
  const { backend } = started.value;
  return ok(summary(`Proposals for ${String(count)} images.`, { out: options.out, count, findings, head: head.value.file.id, backend }));
}
