import { readFile } from 'node:fs/promises';
import type { LastBlock, Tensor } from '../../contract/head';
import { fail, ok, type Result } from '../../contract/result';
import { decodeHalves } from '../../contract/float16';
import type { Constant } from '../../onnx/graph';
import { parseModel, type Model } from '../../onnx/model';
import { openEncoderFolder, type EncoderFolder } from '../folder';

/** Our names of a dense layer's weights, and those of `evaXModel`. */
const layers = [
  ['block.q', '.q'],
  ['block.k', '.k'],
  ['block.v', '.v'],
  ['block.proj', '.proj'],
  ['block.gate', '.gate'],
  ['block.up', '.up'],
] as const;

/**
 * The last block and LayerNorm of a model that `evaXModel` made, in float32 whatever its precision, for a head that goes on learning from
 * there. Null where the model is none of those.
 */
export function lastBlockOf({ graph: { constants, nodes } }: Model): LastBlock | null {
  const known = new Map(constants.map((constant) => [constant.name, constant]));
  const depth = 1 + Math.max(-1, ...constants.map(({ name }) => Number(/^blocks\.(\d+)\.proj$/.exec(name)?.[1] ?? -1)));
  const at = `blocks.${String(depth - 1)}`;
  const tensors: Record<string, Tensor> = {};
  const put = (name: string, from: string) => {
    const constant = known.get(from);
    if (!constant) return false;
    tensors[name] = floats(constant, known.get(`${from}.scale`));
    return true;
  };
  const dense = (name: string, from: string) => {
    put(`${name}.bias`, `${from}.bias`);
    return put(name, from);
  };
  const found = [
    ...layers.map(([name, part]) => dense(name, at + part)),
    dense('block.down', 'tail.down'),
    put('block.rope.cos', 'rope.cos'),
    put('block.rope.sin', 'rope.sin'),
  ];
  if (!found.every(Boolean)) return null;
  // Where the gain of a norm lies in the products behind it, it is one.
  const norm = (name: string, from: string, width: number) => {
    if (put(`${name}.gain`, `${from}.weight`) && put(`${name}.bias`, `${from}.bias`)) return;
    tensors[`${name}.gain`] = { shape: [width], data: new Float32Array(width).fill(1) };
    tensors[`${name}.bias`] = { shape: [width], data: new Float32Array(width) };
  };
  const [hidden = 0, width = 0] = tensors['block.down']?.shape ?? [];
  norm('block.norm1', `${at}.norm1`, width);
  norm('block.norm2', `${at}.norm2`, width);
  const pooled = nodes.find(({ name }) => name === 'tail.hidden.patches')?.inputs[0];
  const made = nodes.find(({ outputs }) => outputs.includes(pooled ?? ''))?.op;
  if (made === 'LayerNormalization') norm('block.inner', `${at}.mlp.ffn_ln`, hidden);
  norm('norm', known.has('fc_norm.weight') ? 'fc_norm' : 'norm', width);
  return tensors;
}

/** The last block of the encoder in a folder, and the encoder's id. Failures: those of opening it, and wrong-use where it has none. */
export async function readLastBlock(
  folder: string,
): Promise<Result<{ readonly block: LastBlock; readonly id: string; readonly name: string }>> {
  const opened = await openEncoderFolder(folder);
  if (!opened.ok) return opened;
  const { id, name } = opened.value.card;
  const block = await blockIn(opened.value);
  return block.ok ? ok({ block: block.value, id, name }) : block;
}

/** The same of a folder that is open. */
export async function blockIn({ model, card }: EncoderFolder): Promise<Result<LastBlock>> {
  const parsed = card.outputs.blockInput ? parseModel(await readFile(model)) : null;
  if (parsed && !parsed.ok) return parsed;
  const block = parsed && lastBlockOf(parsed.value);
  return block ? ok(block) : fail('wrong-use', { reason: `${card.name} has no last block that could be fine-tuned` });
}

function floats({ shape, data }: Constant, scale: Constant | undefined): Tensor {
  if (data instanceof Float32Array) return { shape, data: Float32Array.from(data) };
  const out = new Float32Array(data.length);
  if (data instanceof Uint16Array) decodeHalves(data, out);
  else if (data instanceof Int8Array && scale?.data instanceof Float32Array) {
    const { data: scales } = scale;
    // A scale a column.
    data.forEach((value, i) => (out[i] = value * (scales[i % scales.length] as number)));
  } else throw new Error('weights of an unknown type');
  return { shape, data: out };
}
