import { Command as Commander, CommanderError } from 'commander';
import { sentence } from '../contract/catalogue';
import type { ErrorCode } from '../contract/errors';
import { attempt, fail, type Result } from '../contract/result';
import { convert } from './commands/convert';
import { doctor } from './commands/doctor';
import { download } from './commands/download';
import { embed } from './commands/embed';
import { exportCommand } from './commands/export';
import { fit } from './commands/fit';
import { merge } from './commands/merge';
import { predict } from './commands/predict';
import { propose } from './commands/propose';
import { queue } from './commands/queue';
import { recover } from './commands/recover';
import { review } from './commands/review';
import { sample } from './commands/sample';
import { simulate } from './commands/simulate';
import { addCommonOptions, type CommonOptions, type Run } from './options';
import type { Terminal } from './progress';
import { startSession, type Summary } from './session';

export const Exit = { done: 0, failed: 1, wrongUse: 2, someFilesFailed: 3 } as const;

export interface Streams {
  /** Results. */
  readonly out: (text: string) => void;
  /** Progress and complaints. */
  readonly err: Terminal;
}

const commands = [
  sample,
  convert,
  embed,
  merge,
  fit,
  propose,
  queue,
  review,
  exportCommand,
  predict,
  simulate,
  recover,
  download,
  doctor,
] as const;

/** Help is read for what to type first. */
const EXAMPLE = `
From images to a model, on a made-up folder:
  collimate sample  --out phantoms --count 300
  collimate embed   phantoms/images --encoder builtin --out emb.npy --index emb.csv
  collimate fit     --embeddings emb.npy --index emb.csv --labels phantoms/labels.csv --out head
  collimate propose --head head --embeddings emb.npy --index emb.csv --out proposals.csv
  collimate export  --head head --encoder builtin --out model --check phantoms/images
  collimate predict model phantoms/images --out predictions.csv

Exit codes: 0 done, 1 failed, 2 wrong use, 3 done but some files failed.
`;

/** What the person can put right by typing something else. */
const wrongUse = new Set<ErrorCode>(['wrong-use', 'output-exists', 'strategy-unknown', 'pattern-invalid']);

/** Runs one command line (without the program's own name) and answers with the exit code. */
export async function run(args: readonly string[], streams: Streams, signal: AbortSignal, version: string): Promise<number> {
  let code: number = Exit.done;
  const execute: Run = async (options, work) => {
    const session = startSession({ ...options, overwrite: options.overwrite === true }, streams.err, signal);
    code = report(await attempt(() => work(session)).catch(bug), options, streams);
  };
  const program = new Commander('collimate')
    .description('Few-shot labeling of chest radiographs: the engine of the app, without a window.')
    .version(version)
    .exitOverride()
    .configureOutput({ writeOut: streams.out, writeErr: (text) => streams.err.write(text) })
    .showHelpAfterError('(add --help for more)')
    .addHelpText('after', EXAMPLE);
  for (const register of commands) register(program, execute);
  for (const command of program.commands) addCommonOptions(command);
  try {
    await program.parseAsync(args, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    // Help and version end the same way as complaints, with exit code 0.
    return error.exitCode === 0 ? Exit.done : Exit.wrongUse;
  }
  return code;
}

function report(result: Result<Result<Summary>>, { json }: CommonOptions, streams: Streams): number {
  const flat = result.ok ? result.value : result;
  if (!flat.ok) {
    const { failure } = flat;
    streams.err.write(`collimate: ${sentence(failure)}\n`);
    if (failure.code === 'internal' && failure.detail !== undefined) streams.err.write(`${failure.detail}\n`);
    if (json) streams.out(`${JSON.stringify({ ok: false, ...failure, message: sentence(failure) })}\n`);
    return wrongUse.has(failure.code) ? Exit.wrongUse : Exit.failed;
  }
  const { values, text, failed } = flat.value;
  streams.out(json ? `${JSON.stringify({ ok: true, ...values, failed })}\n` : `${text}\n`);
  return failed > 0 ? Exit.someFilesFailed : Exit.done;
}

const bug = (error: unknown): Result<never> =>
  fail('internal', { reason: error instanceof Error ? error.message : String(error) }, error instanceof Error ? error.stack : undefined);
