import { act, screen, waitFor } from '@testing-library/react';
import Dexie from 'dexie';
import { afterEach, describe, expect, it } from 'vitest';
import type { SuspectLabel } from '../../../../src/contract/views';
import type { Task } from '../../../../src/contract/model';
import { databaseName } from '../../../../src/renderer/database/copy';
import type { FakeBridge } from '../fake-bridge';
import { id, makeProject } from '../made-up/project';
import { openPage, violations } from '../page';

globalThis.fetch = () => Promise.resolve(new Response('{}', { status: 404 }));
globalThis.Element.prototype.scrollIntoView = () => undefined;
afterEach(() => Dexie.delete(databaseName(makeProject().id)));

/** Image n, labelled with the first finding, which the head holds for the second (multi-label: for absent). */
const suspect = (n: number, task: Task, probability = 0.1): SuspectLabel => ({
  image: id(n, 'G'),
  finding: id(1, 'F'),
  state: 'present',
  probability,
  other: {
    finding: task === 'multiclass' ? id(2, 'F') : id(1, 'F'),
    state: task === 'multiclass' ? 'present' : 'absent',
    probability: 1 - probability,
    usual: 0.6,
  },
  score: 0.4,
});

const fullRound = (bridge: FakeBridge) => act(() => bridge.emit('round', { ...bridge.round(), stage: 'full' }));
const standings = () => screen.getAllByTestId('suspect').map(({ dataset }) => dataset['standing']);
const state = (bridge: FakeBridge, n: number, finding = 1) =>
  bridge.state.annotators.get(id(1, 'N'))?.cells.get(id(n, 'G'))?.get(id(finding, 'F'));

async function review(task: Task = 'multiclass', images: readonly number[] = [1, 2, 3]) {
  const project = makeProject(task, ['Normal', 'Bacterial', 'Viral']);
  const { bridge, user } = await openPage({ project });
  const cells = images.flatMap((n) =>
    [1, 2, 3].map((f) => ({
      image: id(n, 'G'),
      finding: id(f, 'F'),
      state: f === 1 ? ('present' as const) : ('absent' as const),
      source: 'typed' as const,
      shown: null,
      head: null,
    })),
  );
  await act(() => bridge.call('labels.apply', { project: project.id, cells }));
  bridge.suspects = images.map((n) => suspect(n, task));
  fullRound(bridge);
  await waitFor(() => expect(screen.getByTestId('open-suspects').textContent).toBe(String(images.length)));
  await user.keyboard('{Shift>}R{/Shift}');
  await screen.findByTestId('review-view');
  return { bridge, user };
}

describe('review', () => {
  it('keeps, changes and makes unsure by key, each one step of undo', async () => {
    const { bridge, user } = await review();
    expect(screen.getByTestId('verdict').textContent).toContain('gives Bacterial 90 %, the label 10 %');
    expect(await violations()).toEqual([]);
    // The key that goes on takes nothing away.
    await user.keyboard('{Enter}');
    await waitFor(() => expect(standings()).toEqual(['kept', 'open', 'open']));
    expect(state(bridge, 1)).toMatchObject({ state: 'present', kept: { probability: 0.1, other: id(2, 'F') } });
    await user.keyboard('{Control>}{Enter}{/Control}');
    await waitFor(() => expect(standings()).toEqual(['kept', 'changed', 'open']));
    expect(state(bridge, 2, 2)?.state).toBe('present');
    await user.keyboard('0');
    await waitFor(() => expect(state(bridge, 3)?.state).toBe('unsure'));
    expect(screen.queryByTestId('open-suspects')).toBeNull();
    for (const left of [2, 1]) {
      await user.keyboard('{Control>}z{/Control}');
      await waitFor(() => expect(standings().filter((each) => each === 'open')).toHaveLength(3 - left));
    }
    await user.keyboard('{Control>}z{/Control}');
    await waitFor(() => expect(standings()).toEqual(['open', 'open', 'open']));
    expect(state(bridge, 1)?.kept).toBeUndefined();
    // Undo shows what it took back.
    expect(screen.getAllByTestId('suspect')[0]?.getAttribute('aria-current')).toBe('true');
  });

  it('what was kept does not come back, until the evidence has grown', async () => {
    const { bridge, user } = await review();
    await user.keyboard(' ');
    await waitFor(() => expect(standings()[0]).toBe('kept'));
    bridge.suspects = [suspect(1, 'multiclass', 0.09), suspect(2, 'multiclass'), suspect(4, 'multiclass')];
    fullRound(bridge);
    await waitFor(() => expect(screen.getByTestId('open-suspects').textContent).toBe('1'));
    bridge.suspects = [suspect(1, 'multiclass', 0.02), suspect(2, 'multiclass')];
    fullRound(bridge);
    await waitFor(() => expect(screen.getByTestId('open-suspects').textContent).toBe('2'));
  });

  it('the list stays under the hand; the newest is shown on a click', async () => {
    const { bridge, user } = await review('multiclass', [1, 2, 3]);
    bridge.suspects = [suspect(3, 'multiclass'), suspect(1, 'multiclass')];
    fullRound(bridge);
    expect(screen.getAllByTestId('suspect').map(({ dataset }) => dataset['image'])).toEqual([1, 2, 3].map((n) => id(n, 'G')));
    await user.keyboard('2');
    await waitFor(() => expect(state(bridge, 1, 2)?.state).toBe('present'));
    expect(screen.queryByTestId('review-refresh')).toBeNull();
  });

  it('whoever comes from another view sees the newest list', async () => {
    const { bridge, user } = await review('multiclass', [1, 2, 3]);
    await user.keyboard('q');
    await screen.findByTestId('queue-view');
    bridge.suspects = [suspect(3, 'multiclass')];
    fullRound(bridge);
    await waitFor(() => expect(screen.getByTestId('open-suspects').textContent).toBe('1'));
    await user.keyboard('{Shift>}R{/Shift}');
    await screen.findByTestId('review-view');
    expect(screen.getAllByTestId('suspect').map(({ dataset }) => dataset['image'])).toEqual([id(3, 'G')]);
  });

  it('multi-label: the finding’s key turns the suspect label, another finding’s key leaves the image in place', async () => {
    const { bridge, user } = await review('multilabel');
    await user.keyboard('2');
    await waitFor(() => expect(state(bridge, 1, 2)).toBeUndefined());
    expect(screen.getAllByTestId('suspect')[0]?.getAttribute('aria-current')).toBe('true');
    await user.keyboard('1');
    await waitFor(() => expect(standings()).toEqual(['changed', 'open', 'open']));
    expect(state(bridge, 1)?.state).toBe('absent');
  });

  it('never lists an image of the audit’s reserve: it is shown without the model’s opinion', async () => {
    const { bridge } = await review();
    act(() => {
      const project = { ...bridge.project, audit: { ...bridge.project.audit, share: 1 } };
      bridge.append({ kind: 'project', project });
      const record = bridge.state.images.get(id(1, 'G'));
      if (record) bridge.append({ kind: 'images', images: [{ ...record, sha256: '1'.repeat(64) }] });
    });
    fullRound(bridge);
    await waitFor(() => expect(screen.getByTestId('open-suspects').textContent).toBe('2'));
  });

  it('without suspects says what was looked at', async () => {
    const { bridge, user } = await openPage();
    await user.keyboard('{Shift>}R{/Shift}');
    expect((await screen.findByTestId('review-empty')).textContent).toContain('Nothing to review yet');
    expect(await violations()).toEqual([]);
    expect(bridge.called('labels.apply')).toEqual([]);
  });
});
