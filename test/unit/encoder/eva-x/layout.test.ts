import { describe, expect, test } from 'vitest';
import { sentence } from '../../../../src/contract/catalogue';
import { canonicalName, encoderWeights, expectedShapes, findLayout, variantOf, type Layout } from '../../../../src/encoder/eva-x/layout';

const tiny: Layout = { width: 192, depth: 12, heads: 3, hidden: 512, kind: 'packed', norm: 'norm', grid: 14, head: null };
const base: Layout = {
  width: 768,
  depth: 12,
  heads: 12,
  hidden: 2048,
  kind: 'split',
  norm: 'fc_norm',
  grid: 14,
  head: { name: 'head', classes: 14 },
};

type Shapes = Map<string, { shape: readonly number[] }>;
const shapesOf = (layout: Layout): Shapes => new Map([...expectedShapes(layout)].map(([name, shape]) => [name, { shape }]));

function complaint(change: (shapes: Shapes) => void): string {
  const shapes = shapesOf(tiny);
  change(shapes);
  const result = findLayout(shapes, 'eva.pt');
  return result.ok ? 'none' : sentence(result.failure);
}

describe('the layout of EVA-X', () => {
  test.each([tiny, base])('is read off the shapes', (layout) => {
    const shapes = shapesOf(layout);
    shapes.set('mask_token', { shape: [1, 1, layout.width] }).set('lm_head.weight', { shape: [8192, layout.width] });
    shapes.set('blocks.3.attn.rope.freqs_cos', { shape: [196, 64] });
    expect(findLayout(shapes, 'x')).toEqual({ ok: true, value: layout });
  });

  test('other square inputs are told by the position embedding', () => {
    for (const grid of [16, 24, 28]) expect(findLayout(shapesOf({ ...tiny, grid }), 'x')).toEqual({ ok: true, value: { ...tiny, grid } });
  });

  test('a head inside a Sequential is found, one of several layers is refused', () => {
    const head = { name: 'classifier.1', classes: 4 };
    expect(findLayout(shapesOf({ ...tiny, head }), 'x')).toEqual({ ok: true, value: { ...tiny, head } });
    const add = (name: string, shape: number[]) => (shapes: Shapes) => {
      shapes.set(`${name}.weight`, { shape }).set(`${name}.bias`, { shape: shape.slice(0, 1) });
    };
    const hidden = add('head.0', [64, 192]);
    const last = add('head.2', [4, 64]);
    expect(complaint((shapes) => [hidden, last].forEach((each) => each(shapes)))).toContain('its head has several layers (head.0, head.2)');
    expect(complaint(add('head', [4, 64]))).toContain('its head head has shape [4, 64]');
  });

  test('the published sizes have the published numbers of parameters', () => {
    const small: Layout = { ...tiny, width: 384, heads: 6, hidden: 1024 };
    const parameters = (layout: Layout) => {
      const shapes = expectedShapes(layout);
      return encoderWeights(layout).reduce((sum, name) => sum + (shapes.get(name) ?? []).reduce((product, n) => product * n, 1), 0);
    };
    expect([tiny, small, { ...base, head: null }].map(parameters)).toEqual([5_525_184, 21_667_200, 85_850_880]);
    expect([tiny, small, base].map(variantOf)).toEqual(['tiny', 'small', 'base']);
    expect(variantOf({ ...tiny, depth: 2 })).toBe(null);
  });

  test('the id does not depend on where the last LayerNorm is stored', () => {
    const names = (norm: Layout['norm']) =>
      encoderWeights({ ...tiny, norm })
        .map(canonicalName)
        .sort();
    expect(names('norm')).toEqual(names('fc_norm'));
  });

  test('what is missing, unexpected or wrong is named', () => {
    expect(complaint((shapes) => shapes.delete('blocks.4.mlp.w3.bias'))).toContain(
      'lacks 1 of the weights that EVA-X needs: blocks.4.mlp.w3.bias.',
    );
    expect(
      complaint((shapes) => ['weight', 'bias'].forEach((each) => [1, 2].forEach((n) => shapes.delete(`blocks.4.norm${n}.${each}`)))),
    ).toContain('lacks 4 of the weights that EVA-X needs: blocks.4.norm1.weight, blocks.4.norm1.bias, blocks.4.norm2.weight and 1 more.');
    expect(complaint((shapes) => shapes.delete('norm.weight') && shapes.delete('norm.bias'))).toContain('lacks 2 of the weights');
    expect(complaint((shapes) => shapes.set('blocks.0.ls1.gamma', { shape: [192] }))).toContain('EVA-X has no weight blocks.0.ls1.gamma');
    expect(complaint((shapes) => shapes.set('fc_norm.weight', { shape: [192] }).set('fc_norm.bias', { shape: [192] }))).toContain(
      'norm.weight',
    );
    expect(complaint((shapes) => shapes.set('pos_embed', { shape: [1, 578, 192] }))).toContain(
      'its pos_embed has shape [1, 578, 192], which is none of a square image',
    );
    expect(complaint((shapes) => shapes.set('pos_embed', { shape: [1, 577, 384] }))).toContain(
      'pos_embed has shape [1, 577, 384], expected [1, 577, 192]',
    );
    expect(complaint((shapes) => shapes.set('rope.freqs_cos', { shape: [256, 64] }))).toContain(
      'rope.freqs_cos has shape [256, 64], expected [196, 64]',
    );
    expect(complaint((shapes) => shapes.set('rope.freqs', { shape: [196, 64] }))).toContain('EVA-X has no weight rope.freqs');
    expect(complaint((shapes) => shapes.delete('patch_embed.proj.weight'))).toContain('holds no EVA-X encoder');
    expect(complaint((shapes) => shapes.set('patch_embed.proj.weight', { shape: [100, 3, 16, 16] }))).toContain('[100, 3, 16, 16]');
    expect(complaint((shapes) => shapes.set('blocks.99.norm1.weight', { shape: [192] }))).toContain('not numbered from 0');
    expect(complaint((shapes) => shapes.clear())).toContain('holds no EVA-X encoder');
  });
});
