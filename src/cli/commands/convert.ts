import { type Command as Commander, Option } from 'commander';
import { Precision, TileRecipe } from '../../contract/encoder-card';
import { ok, type Result } from '../../contract/result';
import { convertCheckpoint } from '../../encoder/eva-x/convert';
import type { CommonOptions, Run } from '../options';
import { checkFolder } from '../outputs';
import { summary, type Session, type Summary } from '../session';

interface Options extends CommonOptions {
  readonly out: string;
  readonly crop: TileRecipe['crop'];
  readonly precision: Precision;
}

export function convert(program: Commander, run: Run): void {
  program
    .command('convert')
    .description('Make an encoder out of an EVA-X checkpoint. The checkpoint is read as data; nothing in it is executed.')
    .argument('<CHECKPOINT>', 'the .pt file of EVA-X Ti, S or B')
    .requiredOption('--out <DIR>', 'the encoder: model.onnx and encoder.json')
    .addOption(new Option('--crop <how>', 'how an image becomes a square').choices(TileRecipe.shape.crop.options).default('official'))
    .addOption(new Option('--precision <class>', 'precision of the weights').choices(Precision.options).default('fp32'))
    .action((checkpoint: string, options: Options) => run(options, (session) => convertOne(session, checkpoint, options)));
}

async function convertOne(session: Session, checkpoint: string, { out, crop, precision }: Options): Promise<Result<Summary>> {
  const { overwrite, signal } = session;
  const free = await checkFolder(out, overwrite);
  if (!free.ok) return free;
  const bar = session.progress('Converting');
  const onProgress = (done: number, total: number) => bar.at(done, total);
  const made = await convertCheckpoint({ checkpoint, crop, precision, place: () => out, overwrite, signal, onProgress });
  bar.end();
  if (!made.ok) return made;
  const { id, name, licence, outputs } = made.value.card;
  return ok(summary(`${name} in ${out} (id ${id.slice(0, 12)}). ${licence}`, { out, id, name, d: outputs.embedding, licence }));
}
