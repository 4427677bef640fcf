import type { Command as Commander } from 'commander';
import { explain } from '../../contract/catalogue';
import { fail, ok, type Result } from '../../contract/result';
import { labelsTable } from '../../project/exports/tables';
import { recover as recoverJournal } from '../../project/journal/recover';
import type { CommonOptions, Run } from '../options';
import { writeFiles } from '../../files/publish';
import { checkFiles } from '../outputs';
import { summary, type Session, type Summary } from '../session';

interface Options extends CommonOptions {
  readonly out: string;
}

export function recover(program: Commander, run: Run): void {
  program
    .command('recover')
    .description("Take the labels out of a project's journal, also a damaged one. The project is not changed.")
    .argument('<PROJECT_DIR>', 'the folder that holds journal.jsonl')
    .requiredOption('--out <LABELS.csv>', 'the table of labels')
    .action((folder: string, options: Options) => run(options, (session) => recoverLabels(session, folder, options.out)));
}

async function recoverLabels(session: Session, folder: string, out: string): Promise<Result<Summary>> {
  const free = await checkFiles([out], session.overwrite);
  if (!free.ok) return free;
  const found = await recoverJournal(folder);
  if (!found.ok) return found;
  const { state, actions, lost } = found.value;
  for (const failure of lost) session.note(`collimate: ${explain(failure).what}`);
  if (!state.project) return fail('export-nothing', { reason: 'the journal names no project' });
  const written = await writeFiles([{ file: out, content: labelsTable(state) }]);
  if (!written.ok) return written;
  const images = new Set([...state.annotators.values()].flatMap(({ cells }) => [...cells.keys()])).size;
  const text = `${String(images)} labelled images out of ${String(actions)} journal lines; ${String(lost.length)} lines could not be read.`;
  return ok(summary(text, { out, images, actions, lost: lost.length }));
}
