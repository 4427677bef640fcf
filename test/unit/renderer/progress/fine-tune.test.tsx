import { screen, waitFor } from '@testing-library/react';
import { describe, expect, it } from 'vitest';
import { openPage, violations } from '../page';

describe('fine-tuning in the progress panel', () => {
  it('is not spoken of where the encoder gives no image regions', async () => {
    const { user } = await openPage({ images: 20, headFrom: 1 });
    await user.keyboard('p');
    await screen.findByTestId('queue-state');
    expect(screen.queryByTestId('fine-tune')).toBeNull();
  });

  it('says from how many labels on it is offered', async () => {
    const { user, bridge } = await openPage({ images: 20, headFrom: 1 });
    const { encoder } = bridge.status;
    bridge.tell({ encoder: encoder && { ...encoder, tokenBytes: 150_528 } });
    await user.keyboard('p');
    expect((await screen.findByTestId('fine-tune')).textContent).toContain('From 200 labelled images on');
    expect(screen.queryByTestId('start-tuning')).toBeNull();
    expect(await violations()).toEqual([]);
  });

  it('shows how far it is, with a way to stop it', async () => {
    const { user, bridge } = await openPage({ images: 20, headFrom: 1 });
    const { encoder, trainer } = bridge.status;
    bridge.tell({ encoder: encoder && { ...encoder, tokenBytes: 150_528 }, trainer: { ...trainer, tuning: true } });
    await user.keyboard('p');
    await screen.findByTestId('job-tune');
    await user.click(screen.getByTestId('stop-tune'));
    expect(bridge.calls).toContainEqual({ method: 'jobs.stop', params: { job: 'tune' } });
    expect(await violations()).toEqual([]);
  });

  it('says that a fine-tuned head waits where the images are others, and how to go on', async () => {
    const { user, bridge } = await openPage({ images: 20, headFrom: 1 });
    const { encoder, trainer, embedding } = bridge.status;
    bridge.tell({ encoder: encoder && { ...encoder, tokenBytes: 150_528 }, trainer: { ...trainer, tunedWaits: true } });
    await user.keyboard('p');
    expect((await screen.findByTestId('tuned-waits')).textContent).toContain('Fine-tune again');
    expect(await violations()).toEqual([]);
    // While embedding goes on the images are not all there yet.
    bridge.tell({ embedding: { ...embedding, state: 'running' } });
    await waitFor(() => expect(screen.queryByTestId('tuned-waits')).toBeNull());
  });
});
