import { type Command as Commander, Option } from 'commander';
import { join } from 'node:path';
import { ok, type Result } from '../../contract/result';
import { makeSample, sampleFormats, type SampleFormat } from '../../imaging/phantoms';
import { Pool } from '../../imaging/pool/pool';
import { imagingWorker } from '../engine/imaging';
import { wholeNumber, type CommonOptions, type Run } from '../options';
import { checkFolder, writeFolder } from '../outputs';
import { summary, type Session, type Summary } from '../session';

interface Options extends CommonOptions {
  readonly out: string;
  readonly count: number;
  readonly format: SampleFormat;
}

export function sample(program: Commander, run: Run): void {
  program
    .command('sample')
    .description('Make a folder of synthetic chest radiographs with known findings, to try everything on.')
    .requiredOption('--out <DIR>', 'images/ and labels.csv go in here')
    .addOption(new Option('--count <n>', 'number of images').argParser(wholeNumber(1, 100_000)).default(300))
    .addOption(new Option('--format <name>', 'format of the images').choices(sampleFormats).default('png'))
    .action((options: Options) => run(options, (session) => makeOne(session, options)));
}

async function makeOne(session: Session, { out, count, format }: Options): Promise<Result<Summary>> {
  const { seed, signal, threads, overwrite } = session;
  const free = await checkFolder(out, overwrite);
  if (!free.ok) return free;
  const worker = imagingWorker();
  const bar = session.progress('Drawing');
  const onProgress = (done: number, total: number) => bar.at(done, total);
  const pool = worker.ok ? new Pool({ workerUrl: worker.value, ...(threads > 0 ? { threads } : {}) }) : null;
  const drawn = { count, format, seed, signal, onProgress, ...(pool && { pool }) };
  const made = await writeFolder(out, (temporary) => makeSample({ out: temporary, ...drawn }));
  await pool?.close();
  bar.end();
  if (!made.ok) return made;
  const { images } = made.value;
  const values = { out, images, folder: join(out, 'images'), labels: join(out, 'labels.csv') };
  return ok(summary(`${String(images)} images in ${values.folder}, their findings in ${values.labels}.`, values));
}
