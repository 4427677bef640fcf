import { screen, waitFor, within } from '@testing-library/react';
import Dexie from 'dexie';
import { afterEach, expect, it } from 'vitest';
import { databaseName } from '../../../../src/renderer/database/copy';
import { makeProject } from '../made-up/project';
import { openPage, violations } from '../page';

globalThis.fetch = () => Promise.resolve(new Response('{}', { status: 404 }));
afterEach(() => Dexie.delete(databaseName(makeProject().id)));

it('shows labelled neighbours beside the image, chosen by key, with their labels', async () => {
  const { user } = await openPage();
  await user.keyboard(';');
  const compare = await screen.findByTestId('compare');
  await within(compare).findByText(/similar images is labelled yet/);
  await user.keyboard('1231');
  await within(compare).findByText('1 of 4');
  const first = screen.getByTestId('compare-image').dataset['image'];
  expect(first).not.toBe(screen.getByTestId('queue-image').dataset['image']);
  expect(compare.querySelector('.chip')).toBeTruthy();
  expect(await violations()).toEqual([]);
  const read = screen.getByTestId('queue-image').dataset['image'];
  await user.keyboard('{Shift>}{ArrowRight}{/Shift}');
  await within(compare).findByText('2 of 4');
  expect(screen.getByTestId('compare-image').dataset['image']).not.toBe(first);
  // The image that is read stays; plain arrows go through the queue as before.
  expect(screen.getByTestId('queue-image').dataset['image']).toBe(read);
  await user.keyboard('{ArrowLeft}');
  await waitFor(() => expect(screen.getByTestId('queue-image').dataset['image']).not.toBe(read));
  await user.keyboard(';');
  expect(screen.queryByTestId('compare')).toBeNull();
});
