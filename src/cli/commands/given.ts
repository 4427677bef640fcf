import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { presets } from '../../contract/custom-encoder';
import { Preparation, TileRecipe } from '../../contract/encoder-card';
import { fail, ok, type Result } from '../../contract/result';
import { reasonOf } from '../../files/failures';

/** --preprocessing as JSON. */
const Given = Preparation.extend({
  preset: z.enum(presets.map(({ name }) => name)).optional(),
  size: TileRecipe.shape.size.optional(),
  channels: z.union([z.literal(1), z.literal(3)]).optional(),
});
export type Given = z.infer<typeof Given>;

export const presetOf = (name: string | undefined): (typeof presets)[number] | undefined => presets.find((preset) => preset.name === name);

/** The name of a preset, JSON, or a file that holds it. */
export async function readGiven(text: string | undefined): Promise<Result<Given>> {
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
