import { type Command as Commander, Option } from 'commander';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { encoderLabel, isSameEncoder } from '../../contract/encoder-identity';
import type { Head } from '../../contract/head';
import { attempt, fail, ok, unwrap, type Result } from '../../contract/result';
import { makeSample } from '../../imaging/phantoms';
import { propose } from '../../trainer/heads/formula';
import { stateOfKind, tunedKind } from '../../contract/tuned';
import { proposeStates } from '../../trainer/heads/tuned/propose';
import { matrix } from '../../trainer/matrix';
import { startBackend } from '../engine/backend';
import { nameOf, withEncoder, type OpenEncoder } from '../engine/encoder';
import { listFolder, type FoundImage } from '../engine/folder';
import type { CommonOptions, Run } from '../options';
import { packageVersion } from '../package';
import { checkFolder } from '../outputs';
import { summary, type Session, type Summary } from '../session';
import { readHead } from '../../head-files/head-folder';

/** Images on which the export is compared with the proposals, evenly taken from the folder. */
const CHECKED = 24;
/** Without a folder the comparison is made on so many synthetic images. */
const PHANTOMS = 8;

interface Options extends CommonOptions {
  readonly head: string;
  readonly encoder: string;
  readonly out: string;
  readonly parts: 'model' | 'head';
  readonly check?: string;
  readonly name: string;
}

export function exportCommand(program: Commander, run: Run): void {
  program
    .command('export')
    .description('Write the fitted model as ONNX with its model card, after comparing it with the proposals.')
    .requiredOption('--head <HEAD_DIR>', 'a head made by "collimate fit", or an encoder made of a fine-tuned file')
    .requiredOption('--encoder <DIR>', 'the encoder of its embeddings, or "builtin"')
    .requiredOption('--out <MODEL_DIR>', 'model.onnx (or head.onnx), head and model card')
    .addOption(new Option('--parts <which>', 'encoder and head in one, or the head alone').choices(['model', 'head']).default('model'))
    .option('--check <FOLDER>', 'images for the comparison; without it synthetic ones are drawn')
    .option('--name <text>', 'name in the model card', 'Model')
    .action((options: Options) => run(options, (session) => exportOne(session, options)));
}

async function exportOne(session: Session, options: Options): Promise<Result<Summary>> {
  const { out, parts, encoder } = options;
  const free = await checkFolder(out, session.overwrite);
  if (!free.ok) return free;
  const head = await readHead(options.head);
  if (!head.ok) return head;
  const started = await startBackend('auto', session);
  if (!started.ok) return started;
  return withImages(session, options.check, (images) =>
    withEncoder(session, { encoder, provider: 'auto', cache: null }, async (open) => {
      const expected = head.value.file.encoder;
      if (!isSameEncoder(open.card.id, expected.id))
        return fail('head-foreign', { found: encoderLabel(open.card), expected: encoderLabel(expected) });
      const checked = await proposalsFor(open, head.value, images, session.signal);
      if (!checked.ok) return checked;
      const { file, tensors } = head.value;
      const exported = await open.call('exportModel', {
        out,
        parts,
        head: file,
        headTensors: Object.fromEntries(
          Object.entries(tensors).map(([tensor, { shape, data }]) => [tensor, { shape: [...shape], data: Float32Array.from(data) }]),
        ),
        check: checked.value.images.map((image) => ({ file: image.file, frame: image.frame })),
        probabilities: checked.value.probabilities,
        overwrite: session.overwrite,
        // The day alone, so that the same day gives the same bytes.
        card: {
          project: options.name,
          version: packageVersion(),
          date: new Date().toISOString().slice(0, 10),
          labels: presentCounts(head.value),
          // A head on disk does not know them.
          patients: null,
          thresholds: [],
          figures: [],
        },
      });
      if (!exported.ok) return exported;
      const { files, maxDifference } = exported.value;
      const text = `${files.map((written) => basename(written)).join(', ')} in ${out}: at most ${maxDifference.toExponential(1)} from the proposals on ${String(exported.value.checked)} images.`;
      return ok(summary(text, { out, parts, files, checked: exported.value.checked, maxDifference }));
    }),
  );
}

/** Runs `work` on the images of the folder, or on drawn ones that are removed again. */
async function withImages<T>(
  session: Session,
  folder: string | undefined,
  work: (images: readonly FoundImage[]) => Promise<Result<T>>,
): Promise<Result<T>> {
  if (folder !== undefined) {
    const listed = await listFolder(folder, session.signal);
    if (!listed.ok) return listed;
    const { images } = listed.value;
    const step = Math.max(1, Math.floor(images.length / CHECKED));
    return work(images.filter((_, at) => at % step === 0).slice(0, CHECKED));
  }
  const temporary = await mkdtemp(join(tmpdir(), 'collimate-check-'));
  try {
    const made = await makeSample({ out: temporary, count: PHANTOMS, format: 'png', seed: session.seed, signal: session.signal });
    if (!made.ok) return made;
    const listed = await listFolder(join(temporary, 'images'), session.signal);
    return listed.ok ? await work(listed.value.images) : listed;
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

/** What the head says of those images that can be read. */
async function proposalsFor(
  open: OpenEncoder,
  head: Head,
  images: readonly FoundImage[],
  signal: AbortSignal,
): Promise<Result<{ images: readonly FoundImage[]; probabilities: Float32Array<ArrayBuffer> }>> {
  const kind = tunedKind(head.file);
  const state = kind && stateOfKind[kind];
  const embedded = await open.embed(images, () => undefined, state ? [state] : []);
  if (!embedded.ok) return embedded;
  const readable = images.filter((_, at) => embedded.value[at]?.ok);
  const [failed] = embedded.value.flatMap((item) => (item.ok ? [] : [item.failure]));
  if (readable.length === 0) return fail('export-nothing', { reason: 'none of the images for the check can be read' }, failed?.code);
  const names = images.flatMap((image, at) => {
    const item = embedded.value[at];
    return item?.ok ? [nameOf(image, item.facts)] : [];
  });
  const vectors = await open.vectors(names);
  if (!vectors.ok) return vectors;
  const embeddings = matrix(names.length, open.card.outputs.embedding, vectors.value);
  if (state) {
    const rows = names.map((_, row) => row);
    const read = async (wanted: readonly number[]) => {
      const answer = await open.call('fetchStates', { state, names: wanted.map((row) => names[row] ?? '') });
      return unwrap(answer).bits;
    };
    const source = { shape: open.card.outputs[state] ?? ([0, 0] as const), read };
    return attempt(async () => ({
      images: readable,
      probabilities: await proposeStates(head, source, embeddings, rows, undefined, signal),
    }));
  }
  const probabilities = await propose(head, embeddings);
  return ok({ images: readable, probabilities: Float32Array.from(probabilities) });
}

const presentCounts = ({ file }: Head): Record<string, number> =>
  Object.fromEntries(file.findings.map((name, at) => [name, file.labels.perFinding[at]?.present ?? 0]));
