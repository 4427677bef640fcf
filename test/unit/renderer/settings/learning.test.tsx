import { screen } from '@testing-library/react';
import { describe, expect, it } from 'vitest';
import { openPage, violations } from '../page';

describe('the folder of an installed tfjs-node', () => {
  it('is chosen, checked, said in words, and given up', async () => {
    const { user, bridge } = await openPage();
    await user.click(await screen.findByTestId('command-settings.open'));
    await user.click(await screen.findByTestId('settings-learning'));
    await user.click(await screen.findByTestId('choose-backend'));
    expect((await screen.findByText(/TensorFlow 2\.9\.1 on the graphics card/)).textContent).toContain('tfjs-node-gpu: ');
    await screen.findByText('/opt/tensorflow');
    await user.click(screen.getByTestId('check-backend'));
    await screen.findByText(/libcudart\.so\.11\.0 is missing/);
    expect(await violations()).toEqual([]);
    await user.click(screen.getByTestId('forget-backend'));
    await screen.findByText(/Folder of an installed/);
    expect(bridge.calls.map(({ method }) => method).filter((method) => method.startsWith('backend.'))).toEqual([
      'backend.choose',
      'backend.check',
      'backend.forget',
    ]);
  });
});
