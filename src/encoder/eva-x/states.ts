import { Graph } from '../../onnx/graph';
import type { Model } from '../../onnx/model';

const FLOAT = { int: 1 };

/**
 * The same model with two more outputs for heads that learn from more than the embedding, float32 in every precision: `tokens`
 * [N, T - 1, d], the patch tokens behind the last block in rows from the top left (no class token, before the last LayerNorm: the
 * embedding is that LayerNorm of their mean), and `block_input` [N, T, d], what goes into the last block, class token first. Null where
 * the model is not one that evaXModel makes. The embedding's own nodes stay as they are.
 */
export function withStates({ opset, metadata, graph: encoder }: Model): Model | null {
  const has = (name: string) => encoder.nodes.some((node) => node.name === name) || encoder.constants.some((c) => c.name === name);
  const down = encoder.constants.find(({ name }) => name === 'tail.down');
  const [, width] = down?.shape ?? [];
  const [, tokens] = encoder.constants.find(({ name }) => name === 'position')?.shape ?? [];
  if (
    width === undefined ||
    tokens === undefined ||
    !['tail.hidden.patches', 'tail.tokens.patches', 'tail.down.bias', 'tokens_in'].every(has)
  )
    return null;
  const graph = new Graph();
  graph.adopt(encoder);
  graph.inputs = [...encoder.inputs];
  graph.outputs = [...encoder.outputs];
  const product = graph.node('MatMul', ['tail.hidden.patches', 'tail.down'], {}, { as: 'tokens.product' });
  const added = graph.node('Add', [product, 'tail.down.bias'], {}, { as: 'tokens.added' });
  graph.node('Add', ['tail.tokens.patches', added], {}, { as: 'tokens' });
  graph.output('tokens', ['N', tokens - 1, width]);

  let last = 0;
  while (has(`block_${String(last)}`)) last++;
  const before = last === 0 ? 'tokens_in' : `block_${String(last - 1)}`;
  const half = encoder.constants.some(({ data }) => data instanceof Uint16Array);
  graph.node(half ? 'Cast' : 'Identity', [before], half ? { to: FLOAT } : {}, { as: 'block_input' });
  graph.output('block_input', ['N', tokens, width]);
  return { opset, graph, metadata };
}
