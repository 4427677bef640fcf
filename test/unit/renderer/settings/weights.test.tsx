import { act, screen, within } from '@testing-library/react';
import { describe, expect, it } from 'vitest';
import { failing } from '../made-up/project';
import { openPage, violations } from '../page';

async function openEncoders() {
  const page = await openPage();
  await page.user.keyboard('{Control>},{/Control}');
  await page.user.click(await screen.findByTestId('settings-encoders'));
  return page;
}

describe('getting the weights', () => {
  it('says who would be asked, asks on the click alone, and shows both hosts, bytes, rate and time left', async () => {
    const { bridge, user } = await openEncoders();
    const button = await screen.findByTestId('get-weights');
    expect(button.textContent).toContain('Get EVA-X S (87 MB)');
    await user.click(button);
    expect(screen.getByTestId('weights-hosts').textContent).toContain('huggingface.co');
    expect(bridge.called('weights.get')).toEqual([]);
    await user.click(screen.getByTestId('weights-eva-x-tiny'));
    const get = screen.getByTestId('weights-get');
    expect(get.textContent).toBe('Download 24 MB from huggingface.co');
    expect(await violations()).toEqual([]);
    await user.click(get);
    expect(bridge.called('weights.get')).toEqual([{ name: 'eva-x-tiny' }]);

    const hosts = ['huggingface.co', 'store.example'];
    act(() => bridge.tellWeights({ name: 'eva-x-tiny', state: 'running', done: 6e6, total: 24e6, rate: 2e6, secondsLeft: 9, hosts }));
    expect(screen.getByTestId('weights-progress').textContent).toContain('6.0 of 24.0 MB, 2.0 MB/s, 9 s left');
    expect(screen.getByTestId('weights-hosts').textContent).toContain('store.example');
    expect(await violations()).toEqual([]);
    await user.click(screen.getByTestId('weights-pause'));
    expect(bridge.called('weights.pause')).toEqual([{ name: 'eva-x-tiny' }]);

    act(() => bridge.tellWeights({ name: 'eva-x-tiny', state: 'part', rate: null, secondsLeft: null }));
    expect(screen.getByTestId('weights-get').textContent).toBe('Go on (18 MB left)');
    const listed = bridge.called('encoders.library').length;
    act(() => bridge.tellWeights({ name: 'eva-x-tiny', state: 'whole', done: 24e6, encoder: 'a'.repeat(64) }));
    expect(screen.getByTestId('weights-ready').textContent).toContain('EVA-X Ti is ready');
    expect(bridge.called('encoders.library').length).toBeGreaterThan(listed);
    await user.click(screen.getByTestId('weights-done'));
    expect(screen.queryByTestId('weights-dialog')).toBeNull();
    expect(screen.getByTestId('settings-dialog')).toBeTruthy();
  });

  it('says why it failed and what to do, beside the way without a network', async () => {
    const { bridge, user } = await openEncoders();
    await user.click(await screen.findByTestId('get-weights'));
    const failure = failing('download-offline', { host: 'huggingface.co', reason: 'ENOTFOUND' });
    act(() => bridge.tellWeights({ state: 'absent', failure }));
    const dialog = screen.getByTestId('weights-dialog');
    expect(within(dialog).getByTestId('failure').textContent).toMatch(/could not be reached.*fetch the file on another machine/);
    expect(dialog.textContent).toContain('https://huggingface.co/MapleF/eva_x/resolve/main/eva_x_small_patch16_merged520k_mim.pt');
    expect(within(dialog).getByTestId('import-encoder')).toBeTruthy();
  });

  it('only an address that is safe becomes the mirror', async () => {
    const { bridge, user } = await openEncoders();
    screen.getByTestId('settings-encoders').focus();
    await user.keyboard('{ArrowRight}');
    const mirror = await screen.findByTestId('mirror');
    await user.type(mirror, 'http://mirror.example/hf');
    expect(screen.getByTestId('mirror-about').textContent).toContain('https://');
    await user.tab();
    expect(bridge.called('settings.set')).toEqual([]);
    expect(await violations()).toEqual([]);
    await user.clear(mirror);
    await user.type(mirror, 'https://mirror.example/hf');
    await user.tab();
    expect(bridge.called('settings.set')).toEqual([{ mirror: 'https://mirror.example/hf' }]);
  });
});
