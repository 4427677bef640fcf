import { act, screen, within } from '@testing-library/react';
import { expect, it } from 'vitest';
import { failing } from '../made-up/project';
import { openPage, violations } from '../page';

async function openEncoders() {
  const page = await openPage();
  await page.user.keyboard('{Control>},{/Control}');
  await page.user.click(await screen.findByTestId('settings-encoders'));
  const [builtin, eva] = await screen.findAllByTestId('encoder');
  if (!builtin || !eva) throw new Error('no encoders');
  return { ...page, builtin, eva };
}

it('shows what is there, what it takes and who uses it; identity and licence on request, by key', async () => {
  const { user, builtin, eva } = await openEncoders();
  expect(builtin.textContent).toMatch(/baseline.*1\.8 MB.*5,863, 44\.0 MB.*no project.*812 images\/s, cpu/);
  expect(eva.textContent).toMatch(/86\.7 MB.*ChestX-ray14 subset/);
  expect(within(builtin).queryByTestId('remove-encoder')).toBeNull();
  expect(screen.getByTestId('stray').textContent).toContain('640 embeddings');
  expect(await violations()).toEqual([]);
  within(eva).getByTestId('encoder-details').focus();
  await user.keyboard('{Enter}');
  expect(eva.textContent).toContain('a'.repeat(64));
  expect(eva.textContent).toContain('state no licence');
  expect(await violations()).toEqual([]);
});

it('measures the speed, and stops doing so', async () => {
  const { bridge, user, eva } = await openEncoders();
  let answer = () => undefined as void;
  bridge.gateOf.set('encoders.measure', new Promise<void>((resolve) => (answer = resolve)));
  await user.click(within(eva).getByTestId('measure-speed'));
  act(() => bridge.emit('progress', { job: 'speed', done: 1, total: 4, what: '' }));
  expect(within(eva).getByRole('progressbar').getAttribute('aria-valuenow')).toBe('25');
  await user.click(within(eva).getByTestId('stop-speed'));
  expect(bridge.called('jobs.stop')).toEqual([{ job: 'speed' }]);
  answer();
  expect((await within(eva).findByTestId('speed')).textContent).toBe('24 images/s, cpu');

  bridge.failures.set('encoders.measure', failing('encoder-corrupt', { folder: 'x', reason: 'model.onnx does not match its checksum' }));
  await user.click(within(eva).getByTestId('measure-speed'));
  expect((await within(eva).findByTestId('failure')).textContent).toContain('does not match its checksum');
});

it('asks before an encoder goes, says what is lost, and where there is no bin asks again', async () => {
  const { bridge, user, eva } = await openEncoders();
  await user.click(within(eva).getByTestId('remove-encoder'));
  const dialog = screen.getByTestId('remove-dialog');
  expect(within(dialog).getByTestId('used-by').textContent).toMatch(/1 project, whose labels stay.*ChestX-ray14 subset \(5,863 images\)/);
  expect(await violations()).toEqual([]);
  bridge.failures.set('encoders.remove', failing('write-failed', { file: 'x', reason: 'no bin' }));
  const confirm = screen.getByTestId('confirm-remove');
  expect(confirm.textContent).toBe('Move to the bin');
  await user.click(confirm);
  await within(dialog).findByTestId('failure');
  expect(confirm.textContent).toBe('Delete for good');
  await user.click(screen.getByTestId('with-embeddings'));
  await user.click(confirm);
  expect(bridge.called('encoders.remove')).toEqual([
    { id: 'a'.repeat(64), embeddings: false, forGood: false },
    { id: 'a'.repeat(64), embeddings: true, forGood: true },
  ]);
  expect(screen.queryByTestId('remove-dialog')).toBeNull();
  expect(await screen.findAllByTestId('encoder')).toHaveLength(1);
});

it('deletes embeddings on their own, and says when a project is at work with them', async () => {
  const { bridge, user, builtin } = await openEncoders();
  await user.click(within(builtin).getByTestId('remove-embeddings'));
  bridge.failures.set('embeddings.remove', failing('encoder-in-use', { project: 'Pneumonia' }));
  await user.click(screen.getByTestId('confirm-remove'));
  const dialog = screen.getByTestId('remove-dialog');
  expect((await within(dialog).findByTestId('failure')).textContent).toContain(
    'The project Pneumonia is open and works with this encoder.',
  );
  await user.click(screen.getByTestId('confirm-remove'));
  expect(screen.queryByTestId('remove-dialog')).toBeNull();
  expect(bridge.called('embeddings.remove')).toEqual([{ encoder: 'e'.repeat(64) }, { encoder: 'e'.repeat(64) }]);
});
