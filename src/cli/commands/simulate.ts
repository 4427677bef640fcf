import { type Command as Commander, InvalidArgumentError, Option } from 'commander';
import { basename } from 'node:path';
import { Backend, HeadKind, Strategy } from '../../contract/jobs/trainer';
import { Task } from '../../contract/model';
import { fail, ok, type Result } from '../../contract/result';
import {
  protocol,
  simulate as simulateRun,
  splitFor,
  type Protocol,
  type Run as SimulatedRun,
  type Truth,
} from '../../trainer/evaluation/simulate';
import { startBackend } from '../engine/backend';
import { poolOf } from '../engine/pool';
import { reportLines, type ReportLine } from '../engine/report';
import { reportPage } from '../engine/report-page';
import { processesFor, simulateSeeds } from '../engine/seeds';
import { snapshotOf } from '../engine/snapshot';
import { truthOf } from '../engine/truth';
import {
  addEmbeddingOptions,
  addLabelColumnOptions,
  names,
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

interface Options extends CommonOptions, EmbeddingOptions, LabelColumnOptions {
  readonly truth: string;
  readonly out: string;
  readonly task?: Task;
  readonly strategies: Strategy[];
  readonly heads: HeadKind[];
  readonly seeds: number;
  readonly batch: number;
  readonly checkpoints: number[];
  readonly held: number;
  readonly audit: number;
  readonly flips: number;
  readonly unread: number;
  readonly backend: Backend;
}

export function simulate(program: Commander, run: Run): void {
  const command = program
    .command('simulate')
    .description('Label a pool whose truth is known by strategies, and judge the heads on patients held back.');
  addLabelColumnOptions(addEmbeddingOptions(command).requiredOption('--truth <LABELS.csv>', 'the truth, read like labels'))
    .requiredOption('--out <REPORT.json>', 'the report')
    .addOption(new Option('--task <name>', 'default: multiclass where the table has a column "label"').choices(Task.options))
    .addOption(listOption('--strategies <names>', 'how images are chosen', Strategy).default(['random', 'auto'], 'random,auto'))
    .addOption(listOption('--heads <names>', 'kinds of head', HeadKind).default(['auto'], 'auto'))
    .addOption(new Option('--seeds <n>', 'repetitions, each with other patients held back').argParser(wholeNumber(1, 1000)).default(10))
    .addOption(new Option('--batch <n>', 'labels between two fits').argParser(wholeNumber(1, 500)).default(protocol.batch))
    .addOption(
      new Option('--checkpoints <counts>', 'numbers of labels to judge at')
        .argParser(parseCheckpoints)
        .default([...protocol.checkpoints], protocol.checkpoints.join(',')),
    )
    .addOption(shareOption('--held <share>', 'patients held back', protocol.held))
    .addOption(
      shareOption(
        '--audit <share>',
        "the pool's patients that is reserved for the audit, and of the queries that ask for them",
        protocol.audit,
      ),
    )
    .addOption(shareOption('--flips <share>', 'answers that are wrong', protocol.flips))
    .addOption(shareOption('--unread <share>', 'cells left unread (multi-label)', protocol.unread))
    .addOption(new Option('--backend <name>', 'where tensors are computed').choices(Backend.options).default('auto'))
    .action((options: Options) => run(options, (session) => simulateAll(session, options)));
}

function listOption(flags: string, description: string, known: { readonly options: readonly string[] }): Option {
  return new Option(flags, `${description}, separated by commas`).argParser((text: string) => {
    const list = names(text);
    const unknown = list.find((name) => !known.options.includes(name));
    if (unknown !== undefined) throw new InvalidArgumentError(`There is none called ${unknown}; known are ${known.options.join(', ')}.`);
    return list;
  });
}

const shareOption = (flags: string, description: string, value: number): Option =>
  new Option(flags, `share of ${description}`)
    .argParser((text: string) => {
      const share = Number(text);
      if (!/^[\d.]+$/.test(text) || !(share >= 0 && share < 1)) throw new InvalidArgumentError('Expected a share from 0 to below 1.');
      return share;
    })
    .default(value);

function parseCheckpoints(text: string): number[] {
  const counts = names(text).map(wholeNumber(1, 100_000));
  if (counts.length === 0) throw new InvalidArgumentError('Expected numbers of labels, separated by commas.');
  return [...new Set(counts)].sort((a, b) => a - b);
}

async function simulateAll(session: Session, options: Options): Promise<Result<Summary>> {
  const page = `${options.out.replace(/\.json$/i, '')}.html`;
  const free = await checkFiles([options.out, page], session.overwrite);
  if (!free.ok) return free;
  const labels = await readLabels(options.truth, options);
  if (!labels.ok) return labels;
  const embeddings = await readEmbeddings(options.embeddings, options.index);
  if (!embeddings.ok) return embeddings;
  const pool = poolOf(embeddings.value);
  const labelled = snapshotOf(pool, embeddings.value.card.encoder, labels.value, { seed: session.seed });
  if (!labelled.ok) return labelled;
  const truth = truthOf(basename(options.truth).replace(/\.csv$/i, ''), pool, labelled.value.snapshot);
  const { batch, checkpoints, held, audit, flips, unread } = options;
  const setting: Protocol = { ...protocol, batch, checkpoints, held, audit, flips, unread };
  const processes = processesFor(session.threads, options.seeds);
  const bar = session.progress('Simulating');
  const result =
    processes > 1
      ? await simulateSeeds(session, options.seeds, processes, (count) => bar.at(count, options.seeds))
      : await simulateHere(session, options, truth, setting, (count, total) => bar.at(count, total));
  if (!result.ok) return result;
  const runs = result.value;
  bar.end();
  const lines = reportLines(runs);
  const settings = {
    ...setting,
    seed: session.seed,
    seeds: options.seeds,
    encoder: embeddings.value.card.encoder.id,
    images: truth.groups.length,
  };
  const report = { format: 'collimate-report', version: 1, settings, runs, summary: lines };
  const written = await writeFiles([
    { file: options.out, content: `${JSON.stringify(report, null, 1)}\n` },
    { file: page, content: reportPage(settings, runs, lines) },
  ]);
  if (!written.ok) return written;
  return ok(summary(lines.map(sentenceOf).join('\n'), { out: options.out, page, summary: lines, processes }));
}

async function simulateHere(
  session: Session,
  options: Options,
  truth: Truth,
  setting: Protocol,
  onDone: (count: number, total: number) => void,
): Promise<Result<SimulatedRun[]>> {
  const started = await startBackend(options.backend, session);
  if (!started.ok) return started;
  const total = options.seeds * options.strategies.length * options.heads.length;
  const runs: SimulatedRun[] = [];
  for (let n = 0; n < options.seeds; n++) {
    const split = await splitFor(truth, session.seed + n, setting);
    for (const strategy of options.strategies) {
      for (const head of options.heads) {
        if (session.signal.aborted) return fail('stopped');
        runs.push(await simulateRun(truth, split, strategy, head, setting));
        onDone(runs.length, total);
      }
    }
  }
  return ok(runs);
}

function sentenceOf({ strategy, head, alc, saved, interval }: ReportLine): string {
  const percent = (share: number) => `${(100 * share).toFixed(0)} %`;
  const range = interval ? ` (${percent(interval[0])} to ${percent(interval[1])})` : '';
  const saving = saved === null ? '' : `, saves ${percent(saved)}${range} of the labels`;
  return `${strategy} with head ${head}: area under the learning curve ${alc === null ? 'unknown' : alc.toFixed(3)}${saving}.`;
}
