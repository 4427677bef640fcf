import { screen, within } from '@testing-library/react';
import { describe, expect, it } from 'vitest';
import { levelsOf, presetOf } from '../../../../src/renderer/settings/levels';
import { failing } from '../made-up/project';
import { openPage, violations } from '../page';

async function openDialog() {
  const page = await openPage();
  await page.user.keyboard('{Control>},{/Control}');
  await page.user.click(await screen.findByTestId('settings-encoders'));
  await page.user.click(await screen.findByTestId('add-custom'));
  await screen.findByTestId('custom-dialog');
  return page;
}
const keep = () => screen.getByTestId<HTMLButtonElement>('custom-keep');

describe('a model of somebody else', () => {
  it('is kept only after it was tried as it is set up', async () => {
    const { bridge, user } = await openDialog();
    expect(screen.getByTestId('custom-input').textContent).toContain('pixel_values: float32 [batch, 3, 224, 224]');
    expect(keep().disabled).toBe(true);
    expect(await violations()).toEqual([]);
    await user.click(screen.getByTestId('custom-try'));
    const outcome = await screen.findByTestId('custom-trial');
    expect(outcome.textContent).toMatch(/224 x 224 pixels.*768 features an image.*27\.71.*41 ms an image/);
    expect(keep().disabled).toBe(false);
    expect(await violations()).toEqual([]);
    // Another output: what was tried no longer holds. Its pooling follows.
    await user.selectOptions(screen.getByTestId('custom-output'), 'last_hidden_state');
    expect(screen.getByTestId<HTMLSelectElement>('custom-pooling').value).toBe('class-token');
    expect(keep().disabled).toBe(true);
    expect(outcome.textContent).toContain('try it again');
    await user.click(screen.getByTestId('custom-try'));
    await user.type(screen.getByTestId('custom-licence'), 'MIT');
    expect(keep().disabled).toBe(false);
    await user.click(keep());
    expect(bridge.called('custom.keep')).toMatchObject([
      { file: '/data/cxr-encoder.onnx', wish: { output: 'last_hidden_state', pooling: 'class-token', licence: 'MIT' } },
    ]);
    expect(screen.queryByTestId('custom-dialog')).toBeNull();
  });

  it('for a new project: tried on the first image of its folder, and chosen', async () => {
    const { bridge, user } = await openPage();
    await user.keyboard('{Control>}n{/Control}');
    await user.click(await screen.findByTestId('choose-folder'));
    await user.click(screen.getByTestId('add-custom'));
    await user.click(await screen.findByTestId('custom-try-own'));
    await screen.findByTestId('custom-trial');
    expect(bridge.called('custom.try')).toMatchObject([{ image: '/data/radiographs' }]);
    expect(bridge.called('dialog.image')).toEqual([]);
    expect(await violations()).toEqual([]);
    await user.click(keep());
    expect(screen.queryByTestId('custom-dialog')).toBeNull();
  });

  it('a value inside the graph, other sizes and levels; numbers that are none are said', async () => {
    const { bridge, user } = await openDialog();
    await user.selectOptions(screen.getByTestId('custom-output'), '');
    await user.type(screen.getByTestId('custom-inner'), '/encoder/layer.11/output');
    const size = screen.getByTestId('custom-size');
    await user.clear(size);
    expect(screen.getByTestId('custom-dialog').textContent).toContain('whole numbers from 16 to 1024');
    expect(screen.getByTestId<HTMLButtonElement>('custom-try').disabled).toBe(true);
    await user.type(size, '448');
    await user.selectOptions(screen.getByTestId('custom-preset'), 'symmetric');
    await user.selectOptions(screen.getByTestId('custom-crop'), 'pad');
    await user.click(screen.getByTestId('custom-try'));
    expect(bridge.called('custom.try')).toMatchObject([
      {
        image: '/data/example.png',
        wish: {
          output: '/encoder/layer.11/output',
          preprocessing: { tile: { size: 448, resize: 512, crop: 'pad' }, normalise: { kind: 'fixed', mean: 0.5, std: 0.5 } },
        },
      },
    ]);
  });

  it('says why a model is not one, and why it did not run', async () => {
    const { bridge, user } = await openDialog();
    bridge.failures.set('custom.try', failing('model-failed', { file: 'cxr-encoder.onnx', reason: 'the process that tried it broke off' }));
    await user.click(screen.getByTestId('custom-try'));
    const dialog = screen.getByTestId('custom-dialog');
    expect((await within(dialog).findByTestId('failure')).textContent).toContain('the process that tried it broke off');
    await user.click(screen.getByTestId('custom-dialog-close'));
    bridge.failures.set('custom.inspect', failing('model-not-one', { file: 'notes.onnx', reason: 'it holds no graph' }));
    await user.click(screen.getByTestId('add-custom'));
    expect((await screen.findByTestId('failure')).textContent).toContain('notes.onnx is not an ONNX model');
  });
});

it('mean and deviation as they are typed', () => {
  expect(levelsOf('0.5', '0.25', 1)).toEqual({ kind: 'fixed', mean: 0.5, std: 0.25 });
  expect(levelsOf('0.5', '1, 2,3', 3)).toEqual({ kind: 'channels', mean: [0.5, 0.5, 0.5], std: [1, 2, 3] });
  for (const [mean, std] of [
    ['', '1'],
    ['0', '0'],
    ['0', '1, -1, 1'],
    ['1, 2', '1'],
    ['x', '1'],
  ])
    expect(levelsOf(mean ?? '', std ?? '', 3)).toBeNull();
  expect(levelsOf('1, 2, 3', '1', 1)).toBeNull();
  expect(presetOf({ kind: 'channels', mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] })).toBe('imagenet');
});
