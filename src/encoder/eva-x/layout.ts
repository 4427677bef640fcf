import { fail, ok, type Result } from '../../contract/result';
import { GRID, HEAD_WIDTH } from './rope';

/** What distinguishes one EVA-X from another; read off the shapes of its weights. */
export interface Layout {
  readonly width: number;
  readonly depth: number;
  readonly heads: number;
  /** Hidden width of the SwiGLU. */
  readonly hidden: number;
  /** packed (Ti, S): fused qkv and w12. split (B): q, k, v, w1, w2 apart and a LayerNorm on the hidden. */
  readonly kind: 'packed' | 'split';
  /** Where the last LayerNorm lies: `norm` in pretraining files, `fc_norm` in fine-tuned ones. */
  readonly norm: 'norm' | 'fc_norm';
  /** Patches along each side of the square input. */
  readonly grid: number;
  /** Of a fine-tuned file: the name of its head without `.weight`, and its classes. */
  readonly head: { readonly name: string; readonly classes: number } | null;
}

type Shape = readonly number[];
export type Shapes = ReadonlyMap<string, { readonly shape: Shape }>;

const PATCH = 16;
/** The largest is the one whose short side, by the official crop, is still an image of 1,024. */
const MAX_GRID = 56;

/** Pixels along each side of the input. */
export const sizeOf = ({ grid }: Pick<Layout, 'grid'>): number => PATCH * grid;
/** Class token and patches. */
export const tokensOf = ({ grid }: Pick<Layout, 'grid'>): number => grid * grid + 1;

const same = (a: Shape, b: Shape) => a.length === b.length && a.every((n, i) => n === b[i]);
const write = (shape: Shape) => `[${shape.join(', ')}]`;

const ROPE = /^(?:blocks\.\d+\.attn\.)?rope\.freqs_(cos|sin)$/;

/** Of a rotary table that is stored, of the model or of a block, what it holds; null of any other weight. Tables are computed: they need not be there. */
export const ropeTurn = (name: string): 'cos' | 'sin' | null => (ROPE.exec(name)?.[1] ?? null) as 'cos' | 'sin' | null;

/** Kept out of the audit: what only pretraining needs. */
const isIgnored = (name: string) => name === 'mask_token' || name.startsWith('lm_head.');

/** One linear layer, by itself or the last part of a Sequential behind parts without weights. */
const HEAD = /^((?:head|classifier|fc)(?:\.(?:\d+|fc|head|linear))*)\.(?:weight|bias)$/;

/** The head of a fine-tuned file; a string: why it is none that can be used. */
function findHead(weights: Shapes, width: number): Layout['head'] | string {
  const layers = new Set([...weights.keys()].flatMap((name) => HEAD.exec(name)?.[1] ?? []));
  const [name, another] = layers;
  if (name === undefined) return null;
  if (another !== undefined) return `its head has several layers (${[...layers].join(', ')}), of which no ready head can be made`;
  const shape = weights.get(`${name}.weight`)?.shape ?? [];
  const [classes = 0, inputs] = shape;
  if (shape.length !== 2 || inputs !== width || classes === 0) return `its head ${name} has shape ${write(shape)}`;
  return { name, classes };
}

/** Patches along a side by the position embedding [1, 1 + grid^2, d]; null where it is none of a square. */
function gridOf(position: Shape): number | null {
  const grid = Math.sqrt((position[1] ?? 0) - 1);
  return position.length === 3 && Number.isInteger(grid) && grid >= 1 && grid <= MAX_GRID ? grid : null;
}

/** Reads the layout off the weights and audits every name and shape. `file` serves the sentences. */
export function findLayout(weights: Shapes, file: string): Result<Layout> {
  const unknown = (reason: string) => fail('checkpoint-layout-unknown', { file, reason });
  const stem = weights.get('patch_embed.proj.weight')?.shape;
  if (!stem) return unknown('it has no patch_embed.proj.weight');
  const [width = 0] = stem;
  if (stem.length !== 4 || width === 0 || width % HEAD_WIDTH !== 0) return unknown(`its patch embedding has shape ${write(stem)}`);
  const blocks = new Set([...weights.keys()].flatMap((name) => /^blocks\.(\d+)\./.exec(name)?.[1] ?? []).map(Number));
  const depth = blocks.size;
  if (depth === 0 || depth > 100 || !blocks.has(depth - 1)) return unknown(`its blocks are not numbered from 0 (${String(depth)} found)`);
  const packed = weights.get('blocks.0.mlp.w12.weight')?.shape[0];
  const split = weights.get('blocks.0.mlp.w1.weight')?.shape[0];
  const hidden = packed === undefined ? split : packed / 2;
  if (hidden === undefined || !Number.isInteger(hidden)) return unknown('its blocks have no SwiGLU');
  const position = weights.get('pos_embed')?.shape;
  const grid = position ? gridOf(position) : null;
  if (position && grid === null) return unknown(`its pos_embed has shape ${write(position)}, which is none of a square image`);
  const head = findHead(weights, width);
  if (typeof head === 'string') return unknown(head);
  const layout: Layout = {
    width,
    depth,
    heads: width / HEAD_WIDTH,
    hidden,
    kind: packed === undefined ? 'split' : 'packed',
    norm: weights.has('fc_norm.weight') ? 'fc_norm' : 'norm',
    // Without one the audit says that it is missing.
    grid: grid ?? GRID,
    head,
  };
  const audited = audit(weights, layout, file);
  return audited.ok ? ok(layout) : audited;
}

function audit(weights: Shapes, layout: Layout, file: string): Result<void> {
  const expected = expectedShapes(layout);
  for (const name of weights.keys()) if (ropeTurn(name)) expected.set(name, [tokensOf(layout) - 1, HEAD_WIDTH]);
  const missing = [...expected.keys()].filter((name) => !weights.has(name));
  if (missing.length > 0) return fail('checkpoint-keys-missing', { file, count: missing.length, key: some(missing) }, missing.join('\n'));
  const foreign = [...weights.keys()].filter((name) => !expected.has(name) && !isIgnored(name));
  if (foreign.length > 0) {
    return fail('checkpoint-layout-unknown', { file, reason: `EVA-X has no weight ${some(foreign)}` }, foreign.slice(0, 1000).join('\n'));
  }
  for (const [key, shape] of expected) {
    const found = weights.get(key)?.shape ?? [];
    if (!same(found, shape)) return fail('checkpoint-shape-wrong', { file, key, found: write(found), expected: write(shape) });
  }
  return ok();
}

/** The first three names, and how many more there are; all of them are in the details. */
function some(names: readonly string[]): string {
  const shown = names.slice(0, 3).map((name) => name.slice(0, 120));
  return names.length > 3 ? `${shown.join(', ')} and ${String(names.length - 3)} more` : shown.join(', ');
}

/** Every weight that the layout has, with its shape. */
export function expectedShapes({ width: d, depth, hidden, kind, norm, grid, head }: Layout): Map<string, Shape> {
  const shapes = new Map<string, Shape>([
    ['cls_token', [1, 1, d]],
    ['pos_embed', [1, tokensOf({ grid }), d]],
    ['patch_embed.proj.weight', [d, 3, PATCH, PATCH]],
    ['patch_embed.proj.bias', [d]],
    [`${norm}.weight`, [d]],
    [`${norm}.bias`, [d]],
  ]);
  if (head) shapes.set(`${head.name}.weight`, [head.classes, d]).set(`${head.name}.bias`, [head.classes]);
  for (let block = 0; block < depth; block++) {
    const own: Record<string, Shape> = {
      'norm1.weight': [d],
      'norm1.bias': [d],
      'attn.q_bias': [d],
      'attn.v_bias': [d],
      'attn.proj.weight': [d, d],
      'attn.proj.bias': [d],
      'norm2.weight': [d],
      'norm2.bias': [d],
      'mlp.w3.weight': [d, hidden],
      'mlp.w3.bias': [d],
      ...(kind === 'packed'
        ? { 'attn.qkv.weight': [3 * d, d], 'mlp.w12.weight': [2 * hidden, d], 'mlp.w12.bias': [2 * hidden] }
        : {
            'attn.q_proj.weight': [d, d],
            'attn.k_proj.weight': [d, d],
            'attn.v_proj.weight': [d, d],
            'mlp.w1.weight': [hidden, d],
            'mlp.w1.bias': [hidden],
            'mlp.w2.weight': [hidden, d],
            'mlp.w2.bias': [hidden],
            'mlp.ffn_ln.weight': [hidden],
            'mlp.ffn_ln.bias': [hidden],
          }),
    };
    for (const [name, shape] of Object.entries(own)) shapes.set(`blocks.${String(block)}.${name}`, shape);
  }
  return shapes;
}

/** The weights that make the embedding, in the order in which the encoder's id is computed; without the head. */
export const encoderWeights = (layout: Layout): string[] => [...expectedShapes({ ...layout, head: null }).keys()].sort();

/** The name under which a weight enters the id: the last LayerNorm is the same one in both kinds of file. */
export const canonicalName = (name: string): string => name.replace(/^norm\./, 'fc_norm.');

export function variantOf({ width, depth }: Layout): 'tiny' | 'small' | 'base' | null {
  if (depth !== 12) return null;
  return width === 192 ? 'tiny' : width === 384 ? 'small' : width === 768 ? 'base' : null;
}
