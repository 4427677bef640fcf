import { type Command as Commander, Option } from 'commander';
import { encoderLabel, isSameEncoder } from '../../contract/encoder-identity';
import { Backend } from '../../contract/jobs/trainer';
import { fail, ok, type Result } from '../../contract/result';
import type { Head } from '../../contract/head';
import { propose as proposals } from '../../trainer/heads/formula';
import { proposeStates } from '../../trainer/heads/tuned/propose';
import { stateOfKind, tunedKind } from '../../contract/tuned';
import { startBackend } from '../engine/backend';
import { ofPool, poolOf, type Pool } from '../engine/pool';
import { addEmbeddingOptions, type CommonOptions, type EmbeddingOptions, type Run } from '../options';
import { writeFiles } from '../../files/publish';
import { checkFiles } from '../outputs';
import { summary, type Session, type Summary } from '../session';
import { readEmbeddings, type Embeddings } from '../tables/embeddings';
import { readHead } from '../../head-files/head-folder';
import { proposalsText } from '../tables/results';
import type { StateSource } from '../../trainer/heads/tuned/states';
import { withStates } from '../tables/states';

interface Options extends CommonOptions, EmbeddingOptions {
  readonly head: string;
  readonly out: string;
  readonly backend: Backend;
  readonly tokens?: string;
  readonly blockInput?: string;
}

export function propose(program: Commander, run: Run): void {
  addEmbeddingOptions(
    program
      .command('propose')
      .description('What a head says of every embedded image: the calibrated probability of each finding.')
      .requiredOption('--head <HEAD_DIR>', 'a head made by "collimate fit", or an encoder made of a fine-tuned file'),
  )
    .requiredOption('--out <PROPOSALS.csv>', 'the proposals')
    .option('--tokens <TOKENS.npy>', 'what an attentive head reads, from "collimate embed --tokens"')
    .option('--block-input <FILE.npy>', 'what a block head reads, from "collimate embed --block-input"')
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
  if (!isSameEncoder(found.id, encoder.id)) return fail('head-foreign', { found: encoderLabel(found), expected: encoderLabel(encoder) });
  const pool = poolOf(embeddings.value);
  const started = await startBackend(options.backend, session);
  if (!started.ok) return started;
  const said = await saidBy(session, head.value, pool, embeddings.value, options);
  if (!said.ok) return said;
  const probabilities = said.value;
  const written = await writeFiles([{ file: options.out, content: proposalsText(findings, pool.images, probabilities) }]);
  if (!written.ok) return written;
  const count = pool.images.length;
  const { backend } = started.value;
  return ok(summary(`Proposals for ${String(count)} images.`, { out: options.out, count, findings, head: head.value.file.id, backend }));
}

async function saidBy(
  session: Session,
  head: Head,
  pool: Pool,
  embeddings: Embeddings,
  { tokens, blockInput }: Options,
): Promise<Result<Float32Array>> {
  const kind = tunedKind(head.file);
  if (kind === null) return ok(await proposals(head, pool.vectors, session.signal));
  const [array, option] = kind === 'attentive' ? [tokens, '--tokens'] : [blockInput, '--block-input'];
  if (array === undefined) return fail('wrong-use', { reason: `this head is of the kind ${kind}: name what it reads with ${option}` });
  const work = async (source: StateSource) => {
    const rows = pool.images.map((_, row) => row);
    const bar = session.progress('Proposing');
    const said = await proposeStates(head, ofPool(source, pool), pool.vectors, rows, (done) => bar.at(done, rows.length), session.signal);
    bar.end();
    return ok(said);
  };
  return withStates(array, stateOfKind[kind], embeddings, work, session.signal);
}
