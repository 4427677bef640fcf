import { fail, ok, type Result } from '../../contract/result';
import type { Checkpoint } from '../checkpoint/checkpoint';

/** What training frameworks put before every key, in any nesting. */
const WRAPPERS = /^(?:(?:model|net|encoder|backbone|module|_orig_mod)\.)*/;
const ANCHOR = 'patch_embed.proj.weight';
/** Keys of the encoder itself, which all lie under one prefix. */
const OWN = /^(?:cls_token|pos_embed|mask_token|(?:patch_embed|blocks|rope|norm|fc_norm)\..*)$/;

/** Each name in the file by the name that EVA-X has for it. `file` serves the sentence. Fails: checkpoint-layout-unknown where it could be read two ways. */
export function plainNames(names: Iterable<string>, file: string): Result<Map<string, string>> {
  const unknown = (reason: string) => fail('checkpoint-layout-unknown', { file, reason });
  // A part that was compiled by itself has the name of that in the middle.
  const all = [...names].map((name) => ({ name, whole: name.replaceAll('_orig_mod.', '') }));
  const roots = all.flatMap(({ whole }) => (whole === ANCHOR || whole.endsWith(`.${ANCHOR}`) ? whole.slice(0, -ANCHOR.length) : []));
  const [root = ''] = roots;
  if (roots.length > 1) return unknown(`it holds several encoders, under ${roots.map((each) => each || 'no prefix').join(', ')}`);
  if (root.replace(WRAPPERS, '') !== '') return unknown(`its weights lie under ${root}, which is not known to hold the whole encoder`);
  const plain = new Map<string, string>();
  for (const { name, whole } of all) {
    const below = whole.startsWith(root) ? whole.slice(root.length) : null;
    // Beside the encoder there may be a head of the model around it.
    const own = (below ?? whole).replace(WRAPPERS, '');
    if (own !== below && OWN.test(own))
      return unknown(`${name} does not lie ${root === '' ? 'at the top' : `under ${root}`} like the rest of its encoder`);
    const twin = plain.get(own);
    if (twin !== undefined) return unknown(`${twin} and ${name} are the same weight of EVA-X`);
    plain.set(own, name);
  }
  return ok(plain);
}

/** The checkpoint under EVA-X's own names. */
export function withPlainNames(checkpoint: Checkpoint): Result<Checkpoint> {
  const names = plainNames(checkpoint.weights.keys(), checkpoint.file);
  if (!names.ok) return names;
  const inFile = (name: string) => names.value.get(name) ?? name;
  const weights = new Map(
    [...names.value].flatMap(([plain, name]) => {
      const info = checkpoint.weights.get(name);
      return info ? [[plain, info] as const] : [];
    }),
  );
  return ok({ ...checkpoint, weights, read: (name) => checkpoint.read(inFile(name)) });
}
