import { screen, waitFor } from '@testing-library/react';
import Dexie from 'dexie';
import { afterEach, describe, expect, it } from 'vitest';
import { databaseName } from '../../../../src/renderer/database/copy';
import { startsFor } from '../../../../src/renderer/search/starts';
import { id, makeProject } from '../made-up/project';
import { appear, openPage, violations } from '../page';

globalThis.fetch = () => Promise.resolve(new Response('{}', { status: 404 }));
afterEach(() => Dexie.delete(databaseName(makeProject().id)));

describe('a search', () => {
  it('starts from the image that is shown, says what was screened and found, and stops', async () => {
    const { bridge, user, clock } = await openPage({ project: makeProject('multilabel'), headFrom: 999 });
    await user.keyboard('{Control>}{Shift>}f{/Shift}{/Control}');
    await screen.findByTestId('search-dialog');
    expect(await violations()).toEqual([]);
    expect(screen.getByTestId('search-from-labelled')).toHaveProperty('disabled', true);
    await user.selectOptions(screen.getByTestId('search-finding'), 'Viral, 0 images so far');
    const shown = screen.getByTestId('queue-image').dataset['image'];
    await user.click(screen.getByTestId('search-start'));
    expect(bridge.called('search.start')).toEqual([{ project: bridge.project.id, finding: id(3, 'F'), seeds: [shown] }]);
    const figures = await screen.findByTestId('search-figures');
    expect(figures.textContent).toBe('none found in 0 images screened');
    // "No other finding" is heard of an image that has been there for a moment.
    const noOther = async () => {
      appear();
      clock.now += 1000;
      await user.keyboard('a');
    };
    await user.keyboard('3');
    await noOther();
    await waitFor(() => expect(figures.textContent).toBe('1 found in 1 image screened (100 %)'));
    await noOther();
    await waitFor(() => expect(figures.dataset).toMatchObject({ screened: '2', found: '1' }));
    // What is taken back was not screened.
    await user.keyboard('{Control>}z{/Control}');
    await waitFor(() => expect(figures.dataset).toMatchObject({ screened: '1', found: '1' }));
    expect(await violations()).toEqual([]);
    await user.click(screen.getByTestId('search-stop'));
    await waitFor(() => expect(screen.queryByTestId('search-strip')).toBeNull());
    expect(bridge.project.queue).toMatchObject({ strategy: 'auto', search: null });
  });

  it('starts from what is selected in the grid', async () => {
    const { bridge, user } = await openPage();
    await user.keyboard('g');
    await screen.findByTestId('grid');
    await user.keyboard('{Control>}a{/Control}');
    await user.click(await screen.findByTestId('selection-search'));
    await user.click(await screen.findByTestId('search-start'));
    expect(bridge.called('search.start')).toMatchObject([{ seeds: { length: 24 } }]);
    await screen.findByTestId('queue-view');
  });

  it('has at most as many seeds as a search may have, and says why it cannot start', () => {
    const many = Array.from({ length: 300 }, (_, i) => id(i, 'G'));
    const [these, labelled, head] = startsFor({ these: many, present: 0, known: false });
    expect(these?.seeds).toHaveLength(200);
    expect([these?.impossible, labelled?.impossible, head?.impossible]).toEqual([null, expect.any(String), expect.any(String)]);
    expect(startsFor({ these: [], present: 3, known: true }).map(({ impossible }) => impossible === null)).toEqual([false, true, true]);
  });
});
