import { act, screen, within } from '@testing-library/react';
import Dexie from 'dexie';
import { afterEach, expect, it } from 'vitest';
import { databaseName } from '../../../../src/renderer/database/copy';
import { failing, makeImage, makeProject } from '../made-up/project';
import { openPage, violations } from '../page';

globalThis.fetch = () => Promise.resolve(new Response('{}', { status: 404 }));
afterEach(() => Dexie.delete(databaseName(makeProject().id)));

it('says what a person should know of the image, and shows lateral views in the grid', async () => {
  const { bridge, user } = await openPage();
  expect(screen.queryByTestId('image-notes')).toBeNull();
  const shown = bridge.state.images.get(screen.getByTestId('queue-image').dataset['image'] ?? '') ?? makeImage(1);
  act(() => void bridge.append({ kind: 'images', images: [{ ...shown, view: 'LL', notes: ['overlay-ignored'] }] }));
  const notes = await screen.findByTestId('image-notes');
  expect(within(notes).getAllByRole('listitem')).toHaveLength(2);
  expect(notes.textContent).toContain('EVA-X was trained on frontal views alone');
  expect(screen.getAllByTestId('viewer-note').map(({ textContent }) => textContent)).toEqual(['lateral view', 'overlay not shown']);
  expect(await violations()).toEqual([]);
  await user.keyboard('g');
  expect(await screen.findAllByTestId('grid-note')).toHaveLength(1);
  await user.selectOptions(screen.getByTestId('grid-filter'), 'Lateral view');
  expect(screen.getAllByTestId('grid-cell').map(({ dataset }) => dataset['image'])).toEqual([shown.id]);
});

it('has a place for messages, so that none covers the reason or the findings', async () => {
  const { bridge, user } = await openPage();
  bridge.failures.set('labels.apply', failing('disk-full', { folder: '/profile' }));
  await user.keyboard('1');
  await screen.findByText(/The disk that holds/);
  expect(within(screen.getByTestId('rail')).getByTestId('problem')).toBeTruthy();
  await user.keyboard('g');
  await screen.findByTestId('grid-view');
  expect(screen.getByTestId('problem').closest('.rail')).toBeNull();
});

it('tells the newcomer how to answer, until proposals are there to show it', async () => {
  await openPage();
  const rail = screen.getByTestId('rail');
  const task = makeProject().task;
  expect(rail.textContent).toContain(task === 'multilabel' ? 'once for present, again for absent' : 'Press its key or click it');
});

it('says of every finding without a proposal why there is none, also in a long list', async () => {
  const findings = Array.from({ length: 8 }, (_, at) => `finding ${String(at)}`);
  const project = makeProject('multilabel', findings);
  await openPage({ project, images: 20, headFrom: 1, ready: ['finding 0', 'finding 1'] });
  await within(screen.getByTestId('finding-finding 0')).findByTestId('proposal');
  for (const name of findings.slice(2)) {
    const row = screen.getByTestId(`finding-${name}`);
    expect(row.textContent).toContain('Not learnt yet');
    expect(within(row).getByTitle('Needs images with it and without')).toBeTruthy();
  }
  expect(await violations()).toEqual([]);
});

it('opens dialogs at their first field, not at the cross that closes them', async () => {
  const { user } = await openPage();
  await user.keyboard('1');
  await screen.findByText('1 of 24 labelled');
  await user.keyboard('{Control>}e{/Control}');
  await screen.findByTestId('export-dialog');
  expect(document.activeElement).toBe(screen.getByTestId('export-labels'));
  await user.click(screen.getByTestId('export-dialog-close'));
  await user.keyboard('{Control>}f{/Control}');
  await screen.findByTestId('findings-dialog');
  expect(document.activeElement).toBe(screen.getByTestId('finding-name-0'));
});
