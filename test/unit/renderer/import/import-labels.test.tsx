import { screen } from '@testing-library/react';
import Dexie from 'dexie';
import { afterEach, expect, it } from 'vitest';
import { databaseName } from '../../../../src/renderer/database/copy';
import { failing, makeProject } from '../made-up/project';
import { openPage, violations } from '../page';

globalThis.fetch = () => Promise.resolve(new Response('{}', { status: 404 }));
afterEach(() => Dexie.delete(databaseName(makeProject().id)));

it('shows what a table holds before it is imported, leaves answers alone, and is taken back in one step', async () => {
  const { bridge, user } = await openPage();
  await user.keyboard('2');
  await screen.findByText('1 of 24 labelled');
  await user.keyboard('{Control>}{Shift>}l{/Shift}{/Control}');
  expect(await screen.findByTestId('import-labels')).toBeTruthy();
  expect(screen.getByTestId<HTMLButtonElement>('import-labels-run').disabled).toBe(true);
  await user.click(screen.getByTestId('import-labels-choose'));
  expect(bridge.calls.find(({ method }) => method === 'dialog.table')?.params).toEqual({ of: 'labels' });
  const seen = await screen.findByTestId('import-labels-yield');
  expect(seen.textContent).toContain('23 new labels on 24 images, of 25 rows. 1 label left out: you have answered there.');
  expect(seen.textContent).toContain('1 row names no image of this project');
  expect(seen.textContent).toContain('2 images are marked for the audit in the table: they stay out of training.');
  expect(await violations()).toEqual([]);
  expect(screen.getByText('1 of 24 labelled')).toBeTruthy();
  await user.click(screen.getByTestId('import-labels-run'));
  await screen.findByText('24 of 24 labelled');
  expect((await screen.findByTestId('problem')).textContent).toContain('23 labels imported.');
  await user.click(screen.getByText('Undo'));
  await screen.findByText('1 of 24 labelled');
  expect(bridge.journal.at(-1)?.kind).toBe('undo');
});

it('imports what was shown: a table that was written again meanwhile is shown again first', async () => {
  const { bridge, user } = await openPage();
  await user.keyboard('{Control>}{Shift>}l{/Shift}{/Control}');
  await user.click(await screen.findByTestId('import-labels-choose'));
  await screen.findByTestId('import-labels-yield');
  bridge.tableVersion = '2';
  await user.click(screen.getByTestId('import-labels-run'));
  expect((await screen.findByTestId('import-labels-changed')).textContent).toContain('nothing is imported yet');
  expect(screen.getByText('0 of 24 labelled')).toBeTruthy();
  expect(await violations()).toEqual([]);
  await user.click(screen.getByTestId('import-labels-run'));
  await screen.findByText('24 of 24 labelled');
});

it('may be left while a large table is read, and then imports nothing', async () => {
  const { bridge, user } = await openPage();
  let goOn: () => void = () => undefined;
  bridge.gateOf.set('labels.import', new Promise((resolve) => (goOn = resolve)));
  await user.keyboard('{Control>}{Shift>}l{/Shift}{/Control}');
  await user.click(await screen.findByTestId('import-labels-choose'));
  await screen.findByText('Reading the table…');
  await user.click(screen.getByTestId('import-labels-cancel'));
  expect(screen.queryByTestId('import-labels')).toBeNull();
  goOn();
  expect(await screen.findByText('0 of 24 labelled')).toBeTruthy();
  expect(bridge.journal.every(({ kind }) => kind !== 'cells')).toBe(true);
});

it('says what is wrong with a table', async () => {
  const { bridge, user } = await openPage();
  bridge.failures.set('labels.import', failing('table-invalid', { file: 'x.csv', row: 1, reason: 'no column is called label' }));
  await user.keyboard('{Control>}{Shift>}l{/Shift}{/Control}');
  await user.click(await screen.findByTestId('import-labels-choose'));
  expect((await screen.findByTestId('failure')).textContent).toContain('x.csv, row 1: no column is called label.');
  expect(screen.getByTestId<HTMLButtonElement>('import-labels-run').disabled).toBe(true);
});
