import { act, screen } from '@testing-library/react';
import { expect, it } from 'vitest';
import { openPage, violations } from '../page';

it('while images are embedded: how many, how fast, how long yet, in which precision, where and why', async () => {
  const { bridge, user } = await openPage();
  await user.keyboard('p');
  act(() =>
    bridge.tell({
      embedding: { state: 'running', done: 1200, total: 5863, failed: 0, rate: 24.4, secondsLeft: 191, damaged: 0 },
      encoder: {
        id: 'a'.repeat(64),
        name: 'EVA-X S, float16',
        builtin: false,
        provider: 'webgpu',
        reason: 'Fastest here: 180 images/s in a short test, the processor 24.',
        precision: 'fp16',
        quantisation: { calibrated: 0, measured: 128, error: 0.00034, worst: 0.00061, agreement: 1, decisions: 'directions' },
        tokenBytes: null,
        blockBytes: null,
      },
    }),
  );
  const figures = await screen.findByText(/1,200 of 5,863 images, 24 a second, 3 min left/);
  const section = figures.closest('section');
  expect(section?.textContent).toContain('In float16 on WebGPU. Fastest here: 180 images/s in a short test, the processor 24.');
  expect(section?.textContent).toContain('off by 0.034 % of its length (at worst 0.061 %)');
  expect(await violations()).toEqual([]);
});
