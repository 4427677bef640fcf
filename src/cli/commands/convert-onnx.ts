import { readFile, rm } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import { z } from 'zod';
import { CustomEncoder, presets, type CustomModel, type Pooling } from '../../contract/custom-encoder';
import { TileRecipe } from '../../contract/encoder-card';
import { fail, ok, type Result } from '../../contract/result';
import { inspectCustom } from '../../encoder/custom/custom';
import { withSupervised } from '../engine/supervised';
import { reasonOf } from '../../files/failures';
import { summary, type Session, type Summary } from '../session';

/** How a model of somebody else is to be used; what is left out is taken from the model. */
export interface OnnxOptions {
  readonly out: string;
  readonly input?: string;
  readonly output?: string;
  readonly pooling?: Pooling;
  readonly preprocessing?: string;
  readonly name?: string;
  readonly licence?: string;
}

const three = z.tuple([z.number(), z.number(), z.number()]);
/** --preprocessing as JSON. */
const Given = z.strictObject({
  preset: z.enum(presets.map(({ name }) => name)).optional(),
  size: TileRecipe.shape.size.optional(),
  resize: TileRecipe.shape.resize.optional(),
  crop: TileRecipe.shape.crop.optional(),
  channels: z.union([z.literal(1), z.literal(3)]).optional(),
  mean: z.union([z.number(), three]).optional(),
  std: z.union([z.number().positive(), three]).optional(),
});
type Given = z.infer<typeof Given>;

export async function convertOnnx(session: Session, model: string, options: OnnxOptions): Promise<Result<Summary>> {
  const { signal } = session;
  const described = await inspectCustom(model);
  if (!described.ok) return described;
  const given = await readGiven(options.preprocessing);
  if (!given.ok) return given;
  const wish = wishOf(described.value, options, given.value);
  if (!wish.ok) return wish;
  session.note(`Using ${wish.value.pooling} of the output ${wish.value.output} for the input ${wish.value.input}.`);
  const folder = resolve(options.out);
  // Beside its place, so that it can be renamed into it.
  const scratch = `${folder}.${String(process.pid)}.tmp`;
  const keep = { file: resolve(model), wish: wish.value, into: scratch, folder };
  // What a model of somebody else does to the runtime is done in a process of its own.
  const kept = await withSupervised({ session, profile: null }, (encoder) =>
    encoder.run((client) => client.call('keepCustom', keep, { signal })),
  );
  await rm(scratch, { recursive: true, force: true });
  if (!kept.ok) return kept;
  const { id, name, licence, outputs, precision, preprocessing, pooling } = kept.value.card;
  const text = `${name} in ${options.out}: ${String(outputs.embedding)} features, ${precision} (id ${id.slice(0, 12)}). Licence: ${licence}`;
  return ok(summary(text, { out: options.out, id, name, d: outputs.embedding, precision, preprocessing, pooling, licence }));
}

/** The name of a preset, JSON, or a file that holds it. */
async function readGiven(text: string | undefined): Promise<Result<Given>> {
  if (text === undefined) return ok({});
  if (presets.some(({ name }) => name === text)) return ok(Given.parse({ preset: text }));
  let json = text;
  if (!text.trimStart().startsWith('{')) {
    try {
      json = await readFile(text, 'utf8');
    } catch (error) {
      const known = presets.map(({ name }) => name).join(', ');
      return fail('wrong-use', {
        reason: `--preprocessing ${text} is neither a preset (${known}) nor JSON, and as a file ${reasonOf(error)}`,
      });
    }
  }
  const wrong = (reason: string) => fail('wrong-use', { reason: `--preprocessing: ${reason}` });
  try {
    const parsed = Given.safeParse(JSON.parse(json));
    if (parsed.success) return ok(parsed.data);
    const [issue] = parsed.error.issues;
    return wrong(`${issue?.path.join('.') || 'it'}: ${issue?.message ?? 'is not as expected'}`);
  } catch {
    return wrong('it is not JSON');
  }
}

function wishOf({ suggestion, outputs }: CustomModel, options: OnnxOptions, given: Given): Result<CustomEncoder> {
  const preset = presets.find(({ name }) => name === given.preset);
  const channels = given.channels ?? preset?.channels ?? suggestion.channels;
  const { tile } = suggestion.preprocessing;
  const size = given.size ?? tile.size;
  const base = preset?.normalise ?? suggestion.preprocessing.normalise;
  const levels = base.kind === 'image' ? { mean: 0, std: 1 } : base;
  const [mean, std] = [given.mean ?? levels.mean, given.std ?? levels.std];
  const asThree = (value: number | readonly number[]) => (typeof value === 'number' ? [value, value, value] : [...value]);
  const normalise =
    typeof mean === 'number' && typeof std === 'number'
      ? { kind: 'fixed' as const, mean, std }
      : { kind: 'channels' as const, mean: asThree(mean), std: asThree(std) };
  if (normalise.kind === 'channels' && channels === 1)
    return fail('wrong-use', { reason: '--preprocessing gives three means or deviations for one channel' });
  const sameOutput = options.output === undefined || options.output === suggestion.output;
  const wish = CustomEncoder.safeParse({
    name: options.name ?? suggestion.name,
    input: options.input ?? suggestion.input,
    output: options.output ?? suggestion.output,
    // Without a word on it, what suits the output; nothing is known of a value inside the graph.
    pooling: options.pooling ?? (sameOutput ? suggestion.pooling : poolingFor(outputs, options.output)),
    channels,
    preprocessing: {
      tile: {
        ...tile,
        size,
        resize: given.resize ?? Math.min(1024, Math.round((size * 256) / 224)),
        crop: given.crop ?? tile.crop,
        colour: channels === 1 ? 'luma' : 'keep',
      },
      normalise,
    },
    licence: options.licence ?? '',
  });
  if (wish.success) return ok(wish.data);
  const [issue] = wish.error.issues;
  return fail('wrong-use', { reason: `${issue?.path.at(-1)?.toString() ?? 'The model'}: ${issue?.message ?? 'is not as expected'}` });
}

function poolingFor(outputs: CustomModel['outputs'], output: string | undefined): Pooling {
  const rank = outputs.find(({ name }) => name === output)?.shape?.length;
  return rank === 3 ? 'class-token' : rank === 4 ? 'mean-map' : 'as-is';
}

/** By its name: the content is checked when it is read. */
export const isOnnx = (file: string): boolean => /\.onnx$/i.test(basename(file));
