import { act, screen, waitFor } from '@testing-library/react';
import Dexie from 'dexie';
import { afterEach, expect, it } from 'vitest';
import type { CellRequest } from '../../../../src/contract/views';
import { databaseName } from '../../../../src/renderer/database/copy';
import { id, makeProject } from '../made-up/project';
import { openPage, violations } from '../page';

globalThis.fetch = () => Promise.resolve(new Response('{}', { status: 404 }));
afterEach(() => Dexie.delete(databaseName(makeProject().id)));

async function select(task: 'multiclass' | 'multilabel') {
  const project = makeProject(task, ['A', 'B', 'C']);
  const { bridge, user } = await openPage({ project, images: 4 });
  const cell = { image: id(1, 'G'), finding: id(1, 'F'), state: 'present' as const, source: 'typed' as const, shown: null, head: null };
  await act(() => bridge.call('labels.apply', { project: project.id, cells: [cell] }));
  await screen.findByText('1 of 4 labelled');
  await user.keyboard('g');
  await screen.findAllByTestId('grid-cell');
  await user.keyboard('{Control>}a{/Control}');
  const written = () => (bridge.called('labels.apply') as { cells: CellRequest[] }[]).slice(1).flatMap(({ cells }) => cells);
  return { bridge, user, written };
}

it('bulk on images that are labelled says how many would change, and by default leaves them', async () => {
  const { user, written } = await select('multiclass');
  await user.keyboard('2');
  expect((await screen.findByTestId('bulk-read')).textContent).toContain('1 label of the selection was given already and would change.');
  expect(screen.getByTestId('bulk-unread')).toHaveProperty('checked', true);
  expect(await violations()).toEqual([]);
  expect(written()).toEqual([]);
  await user.click(screen.getByTestId('bulk-run'));
  expect(written().map(({ image, source }) => [image, source])).toEqual([2, 3, 4].map((n) => [id(n, 'G'), 'bulk']));
  expect(screen.queryByTestId('bulk-dialog')).toBeNull();
});

it('bulk on all of them is the person’s choice, and what is the same already is no change', async () => {
  const { user, bridge, written } = await select('multilabel');
  await user.keyboard('1');
  // Image 1 has it already: nothing that is read would change.
  expect(screen.queryByTestId('bulk-dialog')).toBeNull();
  await waitFor(() => expect(written()).toHaveLength(3));
  await screen.findByText('4 of 4 labelled');
  // Present in all of them, so the key would make all of them absent: there is nothing unread.
  await user.keyboard('1');
  await screen.findByTestId('bulk-dialog');
  expect(screen.getByTestId('bulk-run')).toHaveProperty('disabled', true);
  await user.click(screen.getByTestId('bulk-all'));
  await user.click(screen.getByTestId('bulk-run'));
  await waitFor(() => expect(bridge.state.annotators.get(id(1, 'N'))?.cells.get(id(1, 'G'))?.get(id(1, 'F'))?.state).toBe('absent'));
});
