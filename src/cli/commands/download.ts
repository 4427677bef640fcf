import { Argument, type Command as Commander } from 'commander';
import { join } from 'node:path';
import { ok, type Result } from '../../contract/result';
import type { WeightsName } from '../../contract/weights';
import { download as fetchFile } from '../../download/download';
import { HUGGING_FACE, weightsNames, weightsOf } from '../../download/weights';
import type { CommonOptions, Run } from '../options';
import { checkFiles } from '../outputs';
import { summary, type Session, type Summary } from '../session';

interface Options extends CommonOptions {
  readonly out: string;
  readonly mirror: string;
}

export function download(program: Commander, run: Run): void {
  program
    .command('download')
    .description("Download EVA-X's published weights from their authors' page on Hugging Face. The only command that uses the network.")
    .addArgument(new Argument('<NAME>', 'which weights').choices(weightsNames))
    .option('--out <DIR>', 'the folder for the file', '.')
    .option('--mirror <URL>', 'an address that stands in for Hugging Face', HUGGING_FACE)
    .action((name: WeightsName, options: Options) => run(options, (session) => downloadOne(session, name, options)));
}

async function downloadOne(session: Session, name: WeightsName, { out, mirror }: Options): Promise<Result<Summary>> {
  const { file, url } = weightsOf(name, mirror);
  const path = join(out, file);
  const free = await checkFiles([path], session.overwrite);
  if (!free.ok) return free;
  const bar = session.progress('Downloading (bytes)');
  const fetched = await fetchFile({
    url,
    file: path,
    signal: session.signal,
    onProgress: (done, total) => bar.at(done, total),
    onHost: (host) => session.note(`Asking ${host}`),
  });
  bar.end();
  if (!fetched.ok) return fetched;
  const { sha256, bytes, hosts } = fetched.value;
  return ok(
    summary(`${path}, as ${hosts[0] ?? ''} states it (SHA-256 ${sha256}). Next: collimate convert ${path} --out ENCODER_DIR`, {
      file: path,
      sha256,
      bytes,
      hosts,
    }),
  );
}
