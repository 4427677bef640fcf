import { screen, waitFor, within } from '@testing-library/react';
import { describe, expect, it } from 'vitest';
import { headLists } from '../../../../src/contract/head-lists';
import type { FakeBridge } from '../fake-bridge';
import { failing } from '../made-up/project';
import { openPage, violations } from '../page';

async function choose(change: (bridge: FakeBridge) => void = () => undefined) {
  const page = await openPage();
  change(page.bridge);
  await page.user.keyboard('{Control>},{/Control}');
  await page.user.click(await screen.findByTestId('settings-encoders'));
  await page.user.click(await screen.findByTestId('import-encoder'));
  return page;
}
const dialog = () => screen.findByTestId('import-dialog');

describe('importing a checkpoint', () => {
  it('needs no choice: what it is, and Import', async () => {
    const { bridge, user } = await choose();
    expect((await dialog()).textContent).toContain('EVA-X S');
    expect(screen.getByTestId('import-precision').textContent).toBe('Precision: float32');
    expect(await violations()).toEqual([]);
    await user.click(screen.getByTestId('import-run'));
    await waitFor(() => expect(screen.queryByTestId('import-dialog')).toBeNull());
    expect(bridge.called('encoders.import')).toEqual([{ checkpoint: '/data/eva_x_small_patch16_merged520k_mim.pt', precision: 'fp32' }]);
  });

  it('what is missing or unexpected in the file is said where it was chosen', async () => {
    await choose((bridge) =>
      bridge.failures.set(
        'encoders.inspect',
        failing('checkpoint-keys-missing', { file: 'x.pt', count: 4, key: 'norm.weight, norm.bias' }),
      ),
    );
    expect((await screen.findByTestId('failure')).textContent).toContain(
      'x.pt lacks 4 of the weights that EVA-X needs: norm.weight, norm.bias.',
    );
    expect(screen.queryByTestId('import-dialog')).toBeNull();
  });

  it('the same file again: since when it is here, and the way to it', async () => {
    const { bridge, user } = await choose((known) => {
      const [card] = known.library.encoders.flatMap((entry) => (entry.builtin ? [] : [{ ...entry.card, name: 'EVA-X S', head: null }]));
      if (!card) throw new Error('no EVA-X');
      known.checkpoint = { ...known.checkpoint, here: [{ card, added: '2026-01-03T10:00:00.000Z' }] };
    });
    await dialog();
    expect(screen.getByTestId('import-here').textContent).toBe('Already here as EVA-X S in float32, added 3 Jan 2026.');
    expect(screen.queryByTestId('import-run')).toBeNull();
    await user.click(screen.getByTestId('import-use'));
    expect(bridge.called('encoders.import')).toEqual([]);
  });

  it('asks for the findings of a head, which no file tells', async () => {
    const { bridge, user } = await choose((known) => {
      known.checkpoint = { ...known.checkpoint, head: { classes: 3, task: 'multiclass' } };
    });
    const names = within(await dialog()).getByTestId('import-findings');
    const run = screen.getByTestId<HTMLButtonElement>('import-run');
    expect(run.disabled).toBe(true);
    await user.type(names, 'Normal{Enter}viral{Enter}Viral');
    expect((await dialog()).textContent).toContain('Two findings have the same name.');
    await user.clear(names);
    await user.type(names, 'Normal{Enter}Viral{Enter}Bacterial');
    expect(await violations()).toEqual([]);
    await user.click(run);
    expect(bridge.called('encoders.import')).toMatchObject([{ findings: ['Normal', 'Viral', 'Bacterial'], task: 'multiclass' }]);
  });

  it('a head of 14 outputs is ChestX-ray14’s only when the person says so', async () => {
    const { bridge, user } = await choose((known) => {
      known.checkpoint = { ...known.checkpoint, head: { classes: 14, task: 'multilabel' } };
    });
    const names = within(await dialog()).getByTestId<HTMLTextAreaElement>('import-findings');
    const run = screen.getByTestId<HTMLButtonElement>('import-run');
    expect([names.value, run.disabled]).toEqual(['', true]);
    const lists = screen.getAllByTestId('import-list');
    expect(lists.map(({ textContent }) => textContent)).toEqual(['Those of ChestX-ray14', 'Those of CheXpert']);
    const [nih, chexpert] = lists as [HTMLElement, HTMLElement];
    await user.click(chexpert);
    expect(names.value.split('\n').slice(0, 2)).toEqual(['No Finding', 'Enlarged Cardiomediastinum']);
    await user.click(screen.getByTestId('import-numbered'));
    expect(names.value.split('\n')).toEqual(Array.from({ length: 14 }, (_, i) => `output ${String(i + 1)}`));
    await user.click(nih);
    expect(names.value.split('\n')).toEqual(headLists['chestx-ray14'].findings);
    expect(await violations()).toEqual([]);
    await user.click(run);
    expect(bridge.called('encoders.import')).toMatchObject([{ findings: headLists['chestx-ray14'].findings, task: 'multilabel' }]);
  });

  it('of another size: asks how images are prepared, and goes on only with all of it', async () => {
    const { bridge, user } = await choose((known) => {
      known.checkpoint = { ...known.checkpoint, size: 384, preparation: null };
    });
    const run = await within(await dialog()).findByTestId<HTMLButtonElement>('import-run');
    expect((await dialog()).textContent).toContain('384 x 384 pixels');
    expect(run.disabled).toBe(true);
    await user.selectOptions(screen.getByTestId('import-levels'), 'imagenet');
    expect(run.disabled).toBe(true);
    await user.selectOptions(screen.getByTestId('import-crop'), 'official');
    expect(run.disabled).toBe(false);
    await user.clear(screen.getByTestId('import-resize'));
    await user.type(screen.getByTestId('import-resize'), '300');
    expect(run.disabled).toBe(true);
    await user.type(screen.getByTestId('import-resize'), '{Backspace}{Backspace}{Backspace}400');
    expect(await violations()).toEqual([]);
    await user.click(run);
    expect(bridge.called('encoders.import')).toMatchObject([
      { preparation: { crop: 'official', resize: 400, mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] } },
    ]);
  });

  it('of another size with a file beside it: says what that says', async () => {
    const how = { crop: 'squash', mean: 0.5, std: 0.25 } as const;
    const { bridge, user } = await choose((known) => {
      known.checkpoint = { ...known.checkpoint, size: 448, preparation: { how, from: 'config.json' } };
    });
    expect((await dialog()).textContent).toContain('As config.json beside the file says');
    await user.click(screen.getByTestId('import-run'));
    expect(bridge.called('encoders.import')).toMatchObject([{ preparation: how }]);
  });

  it('int8 is calibrated on the images of the project, unless others are chosen, and kept only after its error was seen', async () => {
    const { bridge, user } = await choose();
    await dialog();
    await user.click(screen.getByTestId('precision-int8'));
    expect(screen.getByTestId('import-images-path').textContent).toBe('/data/radiographs');
    await user.click(screen.getByTestId('import-run'));
    expect((await screen.findByTestId('import-measured')).textContent).toContain(
      'on 64 of your images: the embedding is off by 3.1 % of its length (at worst 4.7 %), and 97.2 % of random linear decisions stay the same.',
    );
    expect(bridge.called('encoders.import')).toMatchObject([{ precision: 'int8', images: '/data/radiographs' }]);
    expect(await violations()).toEqual([]);
    await user.click(screen.getByTestId('import-discard'));
    expect(bridge.called('encoders.keep')).toEqual([{ id: 'a'.repeat(64), keep: false }]);
    await user.click(screen.getByTestId('import-run'));
    await user.click(await screen.findByTestId('import-keep'));
    expect(bridge.called('encoders.keep')).toHaveLength(2);
    await waitFor(() => expect(screen.queryByTestId('import-dialog')).toBeNull());
  });

  it('float16 wants images, too, on which its error is measured', async () => {
    const { bridge, user } = await openPage();
    await user.keyboard('{Control>}n{/Control}');
    await user.click(await screen.findByTestId('import-encoder'));
    await dialog();
    await user.click(screen.getByTestId('precision-fp16'));
    expect(screen.getByTestId<HTMLButtonElement>('import-run').disabled).toBe(true);
    expect((await dialog()).textContent).toContain('Choose images to measure on.');
    await user.click(screen.getByTestId('import-images'));
    await user.click(screen.getByTestId('import-run'));
    expect((await screen.findByTestId('import-measured')).textContent).toContain('What float16 costs here');
    expect(bridge.called('encoders.import')).toMatchObject([{ precision: 'fp16', images: '/data/radiographs' }]);
  });

  it('the whole image in place of the crop', async () => {
    const { bridge, user } = await choose();
    await dialog();
    await user.selectOptions(screen.getByTestId('import-crop'), 'pad');
    expect(screen.getByTestId('import-precision').textContent).toContain('nothing cut off');
    await user.click(screen.getByTestId('import-run'));
    expect(bridge.called('encoders.import')).toMatchObject([{ preparation: { crop: 'pad' }, precision: 'fp32' }]);
  });
});

describe('another version of an encoder that is here', () => {
  const version = async (source: FakeBridge['source']) => {
    const page = await openPage();
    page.bridge.source = source;
    await page.user.keyboard('{Control>}{Shift>}e{/Shift}{/Control}');
    const [, eva] = await screen.findAllByTestId('encoder');
    if (!eva) throw new Error('no EVA-X');
    await page.user.click(within(eva).getByTestId('encoder-details'));
    await page.user.click(within(eva).getByTestId('make-version'));
    return { ...page, eva };
  };

  it('is made of the downloaded file where that is still there', async () => {
    const { bridge } = await version({ sha256: 'c'.repeat(64), path: '/profile/downloads/eva_x_small.pt' });
    expect((await dialog()).textContent).toContain('EVA-X S');
    expect(screen.getByTestId<HTMLInputElement>('precision-int8').checked).toBe(true);
    expect(bridge.called('dialog.checkpoint')).toEqual([]);
    expect(bridge.called('encoders.inspect')).toEqual([{ checkpoint: '/profile/downloads/eva_x_small.pt' }]);
    expect(await violations()).toEqual([]);
  });

  it('else of a file that is chosen, and of no other than it was made of', async () => {
    const { eva } = await version({ sha256: 'd'.repeat(64), path: null });
    expect((await within(eva).findByTestId('failure')).textContent).toContain('is not the file that this encoder was made of');
    expect(screen.queryByTestId('import-dialog')).toBeNull();
  });
});
