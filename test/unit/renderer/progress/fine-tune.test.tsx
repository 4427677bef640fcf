import { act, screen, waitFor } from '@testing-library/react';
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

  /** The panel with so many labels, and an encoder whose last block can be trained or not. */
  async function panel(labelled: number, blockBytes: number | null) {
    const page = await openPage({ images: 20, headFrom: 1 });
    const { bridge, user } = page;
    const { encoder, embedding } = bridge.status;
    bridge.tell({
      encoder: encoder && { ...encoder, tokenBytes: 150_528, blockBytes },
      embedding: { ...embedding, state: 'done', total: 10_000 },
    });
    const round = bridge.round();
    bridge.emit('round', { ...round, stage: 'full', metrics: { ...round.metrics, labelled } });
    await user.keyboard('p');
    await user.click(await screen.findByTestId('tuned-part'));
    return { ...page, block: screen.getByTestId<HTMLInputElement>('tuned-part-block'), section: screen.getByTestId('fine-tune') };
  }
  const started = { method: 'tuning.start', params: expect.objectContaining({ kind: 'attentive' }) as object };

  it('learns where to look unless something else is chosen, and says why the last block is not on offer', async () => {
    const { user, bridge, block, section } = await panel(240, 151_296);
    expect(block.disabled).toBe(true);
    expect(section.textContent).toContain('From 400 labelled images on, since it has millions of numbers to learn; now 240.');
    expect(await violations()).toEqual([]);
    await user.click(screen.getByTestId('start-tuning'));
    expect(bridge.calls).toContainEqual(started);
  });

  it('has no block to offer of an encoder that has none, however many labels there are', async () => {
    const { block, section } = await panel(900, null);
    expect(block.disabled).toBe(true);
    expect(section.textContent).toContain('Only with EVA-X encoders.');
  });

  it('fine-tunes the last block where that is chosen, after saying that it is slow', async () => {
    const { user, bridge, block, section } = await panel(400, 151_296);
    expect(section.textContent).not.toContain('an hour or two');
    await user.click(block);
    expect(section.textContent).toMatch(/last block.*an hour or two.*1\.5 GB on the disk/);
    expect(await violations()).toEqual([]);
    await user.click(screen.getByTestId('start-tuning'));
    expect(bridge.calls).toContainEqual({ method: 'tuning.start', params: expect.objectContaining({ kind: 'block' }) as object });
    expect((await screen.findByTestId('tuning-outcome')).textContent).toContain('0.312 against 0.361, 240 images.');
  });

  it('says how long it takes at most, once that is measured', async () => {
    const { bridge, section } = await panel(500, 151_296);
    bridge.tell({ trainer: { ...bridge.status.trainer, tuning: true } });
    await screen.findByTestId('job-tune');
    const progress = { job: 'tune' as const, done: 40, total: 157_000, what: 'Training the last block' };
    act(() => bridge.emit('progress', { ...progress, secondsLeft: null }));
    expect(section.textContent).toContain('measuring the time');
    act(() => bridge.emit('progress', { ...progress, secondsLeft: 7_000 }));
    expect(section.textContent).toContain('at most 1.9 h left');
  });
});
