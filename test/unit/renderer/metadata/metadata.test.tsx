import { screen, within } from '@testing-library/react';
import Dexie from 'dexie';
import { afterEach, expect, it } from 'vitest';
import { databaseName } from '../../../../src/renderer/database/copy';
import { makeProject } from '../made-up/project';
import { openPage, violations } from '../page';

globalThis.fetch = () => Promise.resolve(new Response('{}', { status: 404 }));
afterEach(() => Dexie.delete(databaseName(makeProject().id)));

const paths = Array.from({ length: 12 }, (_, i) => `ward/P${String(i >> 2)}_${i % 2 ? 'PA' : 'LL'}_${String(i)}.png`);

it('shows what a pattern yields before it is accepted, and takes it back', async () => {
  const { bridge, user } = await openPage({ paths });
  await user.keyboard('{Control>}{Shift>}p{/Shift}{/Control}');
  const dialog = await screen.findByTestId('metadata-dialog');
  await user.click(screen.getByTestId('metadata-pattern'));
  const text = screen.getByTestId('metadata-pattern-text');
  expect((await screen.findByTestId('metadata-preview')).textContent).toContain('12 of 12 images, 3 patients');
  expect(await violations()).toEqual([]);
  await user.clear(text);
  await user.type(text, '{{who}_*');
  expect((await within(dialog).findByTestId('failure')).textContent).toContain('{who} is none of {patient}, {study} and {view}');
  expect(screen.getByTestId<HTMLButtonElement>('metadata-apply').disabled).toBe(true);
  await user.clear(text);
  await user.type(text, '{{patient}_*');
  await screen.findByTestId('metadata-preview');
  await user.click(screen.getByTestId('metadata-apply'));
  expect((await screen.findByTestId('problem')).textContent).toContain('12 of 12 images belong to 3 patients now');
  expect(bridge.project.metadata).toEqual({ kind: 'pattern', pattern: '{patient}_*' });
  await user.click(screen.getByText('Undo'));
  await screen.findByText('Patients and views are as they were.');
  expect(bridge.project.metadata).toBeUndefined();
});

it('takes a table, with the columns as they are found or chosen', async () => {
  const { bridge, user } = await openPage({ paths });
  await user.keyboard('{Control>}{Shift>}p{/Shift}{/Control}');
  await user.click(await screen.findByTestId('metadata-table'));
  expect(screen.getByTestId<HTMLButtonElement>('metadata-apply').disabled).toBe(true);
  await user.click(screen.getByTestId('metadata-choose'));
  expect((await screen.findByTestId('metadata-preview')).textContent).toContain('9 of 30 rows name no image, or several');
  expect(screen.getByTestId<HTMLSelectElement>('metadata-column-patient').value).toBe('Patient ID');
  await user.selectOptions(screen.getByTestId('metadata-column-view'), 'none');
  await screen.findByTestId('metadata-preview');
  await user.click(screen.getByTestId('metadata-apply'));
  await screen.findByTestId('problem');
  const columns = { path: 'Image Index', patient: 'Patient ID', study: null, view: null };
  expect(bridge.called('metadata.apply')).toEqual([
    { project: bridge.project.id, rule: { kind: 'table', file: '/data/patients.csv', columns } },
  ]);
});

it('names the patient on the image only where the person wants it', async () => {
  const { bridge, user } = await openPage({ paths });
  const image = bridge.state.images.get(screen.getByTestId('queue-image').dataset['image'] ?? '');
  if (!image) throw new Error('an image is shown');
  bridge.append({ kind: 'images', images: [{ ...image, patient: 'f'.repeat(32) }] });
  expect(bridge.called('images.patient')).toEqual([]);
  await user.keyboard('{Control>}{Shift>}p{/Shift}{/Control}');
  await user.click(await screen.findByTestId('show-patients'));
  expect((await screen.findByTestId('viewer-patient')).textContent).toBe(`patient P-${image.id.slice(-2)}`);
});
