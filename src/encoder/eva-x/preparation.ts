import { readFile } from 'node:fs/promises';
import { basename, dirname, extname, join } from 'node:path';
import { z } from 'zod';
import { Preparation, type Preprocessing } from '../../contract/encoder-card';
import { fail, ok, type Result } from '../../contract/result';
import { GRID } from './rope';

const PRETRAINED = 16 * GRID;
/** How EVA-X's published numbers were made, at 224. Files of other sizes come from other trainings, which may have done it in another way. */
const published: Preparation = { crop: 'official', mean: 0.49185243, std: 0.28509309 };

/** The numbers that a file beside the checkpoint states. `from`: its name. */
export interface Stated {
  readonly preparation: Preparation;
  readonly from: string;
}

const three = z.tuple([z.number(), z.number(), z.number()]);
/** Our own: any of the fields, and the size for which they hold. */
const Own = Preparation.extend({ size: z.int().optional() });
/** timm's pretrained_cfg, in config.json of its models on Hugging Face. */
const Timm = z.object({
  input_size: z.tuple([z.literal(3), z.int(), z.int()]),
  interpolation: z.literal('bicubic'),
  crop_pct: z.number().positive().max(1),
  crop_mode: z.enum(['center', 'squash']).default('center'),
  mean: three,
  std: three,
});
const InConfig = z.union([z.object({ pretrained_cfg: Timm }).transform((config) => config.pretrained_cfg), Timm]);

/** What NAME.json or config.json beside the checkpoint says of images of this size; null where none says all of it. */
export async function statedBeside(checkpoint: string, size: number): Promise<Stated | null> {
  const own = `${basename(checkpoint, extname(checkpoint))}.json`;
  for (const from of [own, 'config.json']) {
    const json = await readJson(join(dirname(checkpoint), from));
    const preparation = json === null ? null : understood(json, size, from === own);
    if (preparation) return { preparation, from };
  }
  return null;
}

/** `named`: the file is called like the checkpoint, so that it need not say the size. */
function understood(json: unknown, size: number, named: boolean): Preparation | null {
  const own = Own.safeParse(json);
  if (own.success) {
    const { size: stated = named ? size : null, ...preparation } = own.data;
    return stated === size && isWhole(preparation) ? preparation : null;
  }
  const timm = InConfig.safeParse(json);
  if (!timm.success) return null;
  const {
    input_size: [, height, width],
    crop_pct: share,
    crop_mode: mode,
    mean,
    std,
  } = timm.data;
  // A squashed image that is cropped afterwards is none that we make.
  if (height !== size || width !== size || (mode === 'squash' && share !== 1)) return null;
  return mode === 'squash' ? { crop: 'squash', mean, std } : { crop: 'official', resize: Math.floor(size / share), mean, std };
}

const isWhole = ({ crop, mean, std }: Preparation): boolean => crop !== undefined && mean !== undefined && std !== undefined;

/** The input's preprocessing: what the person said, before what a file said, before what was published. Fails: preparation-unknown where that is not all. */
export function preprocessingOf(size: number, file: string, stated: Preparation | null, given: Preparation = {}): Result<Preprocessing> {
  const { crop, mean, std, resize } = { ...(size === PRETRAINED ? published : stated), ...given };
  if (crop === undefined || mean === undefined || std === undefined)
    return fail('preparation-unknown', { file, size, sidecar: `${basename(file, extname(file))}.json` });
  // The published share of the short side, where none is named.
  const short = resize ?? Math.round((size * 256) / PRETRAINED);
  const [m, s] = typeof mean === 'number' && typeof std === 'number' ? [mean, std] : [threeOf(mean), threeOf(std)];
  return ok({
    tile: { crop, resize: crop === 'official' ? Math.max(size, short) : size, size, colour: 'keep', filter: 'pillow-bicubic' },
    normalise:
      typeof m === 'number' && typeof s === 'number'
        ? { kind: 'fixed', mean: m, std: s }
        : { kind: 'channels', mean: threeOf(m), std: threeOf(s) },
  });
}

const threeOf = (value: number | [number, number, number]): [number, number, number] =>
  typeof value === 'number' ? [value, value, value] : value;

/** Null: there is none, or it is no JSON. */
async function readJson(file: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(file, 'utf8'));
  } catch {
    return null;
  }
}
