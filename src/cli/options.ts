import { InvalidArgumentError, Option, type Command as Commander } from 'commander';
import { FrameChoice } from '../contract/model';
import type { Command } from './session';

/** The options that every command takes. */
export interface CommonOptions {
  readonly seed: number;
  readonly threads: number;
  readonly overwrite?: true;
  readonly json?: true;
}

/** Runs a command with its options and sees to its output and exit code. */
export type Run = (options: CommonOptions, work: Command) => Promise<void>;

export function wholeNumber(least: number, most = Number.MAX_SAFE_INTEGER): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= least && value <= most) return value;
    throw new InvalidArgumentError(
      `Expected a whole number from ${String(least)}${most < Number.MAX_SAFE_INTEGER ? ` to ${String(most)}` : ' up'}.`,
    );
  };
}

/** Names separated by commas. */
export const names = (text: string): string[] => text.split(',').filter((name) => name !== '');

export function addCommonOptions(command: Commander): void {
  command
    .addOption(new Option('--seed <n>', 'seed of everything that is drawn').argParser(wholeNumber(0)).default(0))
    .addOption(new Option('--threads <n>', 'threads to use; 0: as many as suits').argParser(wholeNumber(0, 256)).default(0))
    .option('--overwrite', 'replace outputs that exist')
    .option('--json', 'print a summary object on standard output');
}

/** The three options by which embeddings are named. */
export interface EmbeddingOptions {
  readonly embeddings: string;
  readonly index: string;
}

export function addEmbeddingOptions(command: Commander): Commander {
  return command
    .requiredOption('--embeddings <EMB.npy>', 'embeddings, with EMB.json beside them')
    .requiredOption('--index <EMB.csv>', 'their index');
}

/** What becomes of files with several frames or pages. */
export const framesOption = (): Option =>
  new Option('--frames <which>', 'of files with several frames: each an image, or the first alone')
    .choices(FrameChoice.options)
    .default('all');

/** How LABELS.csv is to be read. */
export interface LabelColumnOptions {
  readonly ignore?: string[];
  readonly annotator?: string;
}

export function addLabelColumnOptions(command: Commander): Commander {
  return command
    .option('--ignore <columns>', 'columns of the table that are no findings, separated by commas', names)
    .option('--annotator <name>', 'use the labels of this annotator only');
}
