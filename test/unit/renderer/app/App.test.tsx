import { act, fireEvent, render, screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import axe from 'axe-core';
import Dexie from 'dexie';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { CellRequest } from '../../../../src/contract/views';
import { App } from '../../../../src/renderer/app/App';
import { EnvironmentContext, makeServices } from '../../../../src/renderer/app/environment';
import { databaseName } from '../../../../src/renderer/database/copy';
import { FakeBridge } from '../fake-bridge';
import { failing, id, makeProject } from '../made-up/project';

globalThis.fetch = () => Promise.resolve(new Response('{}', { status: 404 }));

async function violations(): Promise<string[]> {
  // Contrast needs real rendering: it is checked in Chromium.
  const result = await axe.run(document.body, { rules: { 'color-contrast': { enabled: false } } });
  return result.violations.map(({ id: rule, nodes }) => `${rule}: ${nodes[0]?.html ?? ''}`);
}

describe('the app', () => {
  let bridge: FakeBridge;
  const clock = { now: 0 };
  let user: ReturnType<typeof userEvent.setup>;
  beforeEach(() => {
    user = userEvent.setup();
  });
  afterEach(async () => {
    await Dexie.delete(databaseName(bridge.project.id));
  });

  function start(options: ConstructorParameters<typeof FakeBridge>[0] = {}) {
    bridge = new FakeBridge(options);
    clock.now = 0;
    const services = makeServices(bridge, { thumbnail: () => 'about:blank', pixels: () => 'about:blank' }, () => clock.now);
    render(
      <EnvironmentContext value={services}>
        <App />
      </EnvironmentContext>,
    );
  }
  async function open(options: ConstructorParameters<typeof FakeBridge>[0] = {}) {
    start(options);
    await user.click(await screen.findByTestId('recent-project'));
    await screen.findByTestId('queue-view');
  }
  const current = () => screen.getByTestId('queue-image').dataset['image'] ?? '';
  const applied = () => bridge.called('labels.apply') as { cells: CellRequest[] }[];
  const said = (call: number) => applied()[call]?.cells.map(({ image, finding, state, source }) => [image, finding, state, source]);

  it('shows recent projects and has no accessibility violations', async () => {
    start();
    expect(await screen.findByText('Pneumonia, ward study')).toBeTruthy();
    expect(screen.getByText(/not a medical device/)).toBeTruthy();
    expect(await violations()).toEqual([]);
  });

  it('makes a project from a folder and a list of findings', async () => {
    start();
    await user.click(await screen.findByTestId('new-project'));
    expect(screen.getByTestId('create-project')).toHaveProperty('disabled', true);
    await user.click(screen.getByTestId('choose-folder'));
    expect(await screen.findByText('5,863 images')).toBeTruthy();
    await user.click(screen.getByTestId('preset-pneumonia'));
    expect(await violations()).toEqual([]);
    await user.click(screen.getByTestId('create-project'));
    await screen.findByTestId('queue-view');
    expect(bridge.called('projects.create')).toMatchObject([
      {
        name: 'radiographs',
        folder: '/data/radiographs',
        task: 'multiclass',
        encoder: 'builtin',
        findings: [
          { name: 'Normal', hotkey: '1' },
          { name: 'Bacterial', hotkey: '2' },
          { name: 'Viral', hotkey: '3' },
        ],
      },
    ]);
  });

  it('multi-class: a key answers, goes on, and is saved once it is acknowledged', async () => {
    await open();
    const first = current();
    let resolve = () => {};
    bridge.gate = new Promise((done) => {
      resolve = done;
    });
    await user.keyboard('2');
    expect(current()).not.toBe(first);
    expect(screen.getByTestId('saved-state').textContent).toBe('Saving');
    expect(screen.getByTestId('labelled-count').textContent).toBe('0 of 24 labelled');
    resolve();
    await waitFor(() => expect(screen.getByTestId('saved-state').textContent).toBe('Saved'));
    expect(said(0)).toEqual([
      [first, id(1, 'F'), 'absent', 'typed'],
      [first, id(2, 'F'), 'present', 'typed'],
      [first, id(3, 'F'), 'absent', 'typed'],
    ]);
    expect(screen.getByTestId('labelled-count').textContent).toBe('1 of 24 labelled');
    expect(await violations()).toEqual([]);
  });

  it('undo takes the label back and shows its image', async () => {
    await open();
    const first = current();
    await user.keyboard('1');
    await screen.findByText('1 of 24 labelled');
    await user.keyboard('{Control>}z{/Control}');
    await screen.findByText('0 of 24 labelled');
    expect(current()).toBe(first);
    await user.keyboard('{Control>}{Shift>}z{/Shift}{/Control}');
    await screen.findByText('1 of 24 labelled');
  });

  it('a label that could not be saved is said loudly and is not shown', async () => {
    await open();
    bridge.failures.set('labels.apply', failing('disk-full', { folder: '/profile' }));
    const first = current();
    await user.keyboard('1');
    const problem = await screen.findByTestId('problem');
    expect(problem.textContent).toContain('was not saved');
    expect(problem.textContent).toContain('The disk that holds /profile is full.');
    expect(screen.getByTestId('saved-state').textContent).toBe('Not saved');
    await user.click(within(problem).getByText('Show the image'));
    expect(current()).toBe(first);
    expect(screen.getByTestId('finding-Normal').dataset['state']).toBe('none');
    expect(screen.getByTestId('labelled-count').textContent).toBe('0 of 24 labelled');
  });

  it('refused answers come again, and are said until every one of them is saved', async () => {
    await open();
    const first = current();
    const full = failing('disk-full', { folder: '/profile' });
    bridge.failures.set('labels.apply', full);
    await user.keyboard('1');
    await screen.findByText(/The answer for ward.*png was not saved/);
    const second = current();
    expect(second).not.toBe(first);
    bridge.failures.set('labels.apply', full);
    await user.keyboard('1');
    await screen.findByText(/2 answers were not saved/);
    // The first comes again, and when it is saved the second is still missing.
    expect(current()).toBe(first);
    await user.keyboard('1');
    await screen.findByText('1 of 24 labelled');
    expect(screen.getByTestId('saved-state').textContent).toBe('Not saved');
    expect(current()).toBe(second);
    await user.keyboard('2');
    await screen.findByText('2 of 24 labelled');
    expect(screen.getByTestId('saved-state').textContent).toBe('Saved');
    expect(screen.queryByTestId('problem')).toBeNull();
  });

  it('multi-label: another finding that is saved does not hide the one that was refused', async () => {
    await open({ project: makeProject('multilabel', ['A', 'B', 'C']) });
    bridge.failures.set('labels.apply', failing('disk-full', { folder: '/profile' }));
    await user.keyboard('1');
    await screen.findByTestId('problem');
    await user.keyboard('2');
    await screen.findByText('1 of 24 labelled');
    expect(screen.getByTestId('saved-state').textContent).toBe('Not saved');
    await user.click(screen.getByLabelText('Dismiss'));
    expect(screen.getByTestId('saved-state').textContent).toBe('Saved');
  });

  it('the same answer again asks nothing of main, and null from main is saved', async () => {
    await open();
    const first = current();
    await user.keyboard('2');
    await screen.findByText('1 of 24 labelled');
    await user.keyboard('{ArrowLeft}');
    expect(current()).toBe(first);
    await user.keyboard('2');
    expect(applied()).toHaveLength(1);
    expect(current()).not.toBe(first);
    bridge.unchanged = true;
    await user.keyboard('1');
    await waitFor(() => expect(screen.getByTestId('saved-state').textContent).toBe('Saved'));
    expect(applied()).toHaveLength(2);
    expect(screen.queryByTestId('problem')).toBeNull();
  });

  it('undo held down waits for the step before', async () => {
    await open();
    let resolve = () => {};
    bridge.gate = new Promise((done) => {
      resolve = done;
    });
    const press = (repeat: boolean) => fireEvent.keyDown(document.body, { key: 'z', code: 'KeyZ', ctrlKey: true, repeat });
    for (let n = 0; n < 20; n += 1) press(n > 0);
    expect(bridge.called('labels.undo')).toHaveLength(1);
    resolve();
    await screen.findByText('There is nothing to undo.');
    press(true);
    expect(bridge.called('labels.undo')).toHaveLength(2);
    await user.keyboard('{Control>}y{/Control}');
    await screen.findByText('There is nothing to redo.');
  });

  it('one canvas serves all images', async () => {
    await open();
    const canvas = document.querySelector('.viewer-canvas');
    const first = current();
    await user.keyboard('{ArrowRight}');
    expect(current()).not.toBe(first);
    expect(document.querySelector('.viewer-canvas')).toBe(canvas);
    expect(canvas).toHaveProperty('hidden', true);
  });

  it('multi-label: keys cycle, Shift is unsure, A says that nothing else is there and goes on', async () => {
    await open({ project: makeProject('multilabel', ['A', 'B', 'C']), headFrom: 0 });
    await screen.findAllByTestId('proposal');
    const first = current();
    const state = (name: string) => screen.getByTestId(`finding-${name}`).dataset['state'];
    for (const expected of ['present', 'absent', 'none', 'present']) {
      await user.keyboard('1');
      expect(state('A')).toBe(expected);
      expect(current()).toBe(first);
    }
    await user.keyboard('{Shift>}2{/Shift}');
    expect(state('B')).toBe('unsure');
    const picture = () => screen.getByTestId('queue-image').querySelector('img') ?? document.body;
    const before = applied().length;
    // Nobody has seen it yet, nor for long enough.
    await user.keyboard('a');
    fireEvent.load(picture());
    clock.now += 499;
    await user.keyboard('a');
    expect(applied()).toHaveLength(before);
    expect(screen.getAllByTestId('problem').at(-1)?.textContent).toContain('half a second');
    clock.now += 1;
    await user.keyboard('a');
    expect(applied().at(-1)?.cells).toMatchObject([
      { image: first, finding: id(3, 'F'), state: 'absent', source: 'typed', by: 'restAbsent' },
    ]);
    expect(current()).not.toBe(first);
    // The next image begins anew.
    clock.now += 5000;
    await user.keyboard('a');
    expect(applied()).toHaveLength(before + 1);
  });

  it('Enter takes over exactly what was shown as proposed, and nothing while proposals are hidden', async () => {
    await open({ project: makeProject('multilabel', ['A', 'B', 'C', 'D', 'E', 'F', 'G']), headFrom: 0 });
    await screen.findAllByTestId('proposal');
    const first = current();
    await user.keyboard('h');
    expect(screen.queryAllByTestId('proposal')).toEqual([]);
    await user.keyboard('{Enter}');
    expect(applied()).toEqual([]);
    expect(current()).toBe(first);
    await user.keyboard('h');
    const chances = screen.getAllByTestId('proposal').map((element) => Number(element.dataset['probability']));
    const expected = chances.flatMap((p, i) =>
      p >= 0.9 ? [[first, id(i + 1, 'F'), 'present', 'accepted']] : p < 0.1 ? [[first, id(i + 1, 'F'), 'absent', 'accepted']] : [],
    );
    expect(expected.length).toBeGreaterThan(0);
    const outlined = [...document.querySelectorAll<HTMLElement>('[data-enter]')].map(({ dataset }) => dataset['enter']);
    expect(outlined).toEqual(expected.map(([, , state]) => state));
    await user.keyboard('{Enter}');
    expect(said(0)).toEqual(expected);
    expect(applied()[0]?.cells.every(({ shown, head }) => shown !== null && head !== null)).toBe(true);
  });

  it('bulk assignment in the grid is one call and one undo step', async () => {
    await open();
    await user.keyboard('g');
    const cells = await screen.findAllByTestId('grid-cell');
    expect(await violations()).toEqual([]);
    if (!cells[1] || !cells[6]) throw new Error('cells');
    await user.click(cells[1]);
    await user.keyboard('{Shift>}');
    await user.click(cells[6]);
    await user.keyboard('{/Shift}');
    expect(screen.getByTestId('selection-count').textContent).toBe('6 images selected');
    await user.keyboard('3');
    await screen.findByText('6 of 24 labelled');
    expect(said(0)).toHaveLength(6);
    expect(applied()).toHaveLength(1);
    expect(said(0)?.every(([, finding, state, source]) => finding === id(3, 'F') && state === 'present' && source === 'bulk')).toBe(true);
    expect(await violations()).toEqual([]);
    await user.keyboard('{Control>}z{/Control}');
    await screen.findByText('0 of 24 labelled');
  });

  it('Ctrl+A selects images that are not rendered, too, and Enter opens one', async () => {
    await open({ images: 3000 });
    await user.keyboard('g');
    const cells = await screen.findAllByTestId('grid-cell');
    expect(cells.length).toBeLessThan(200);
    await user.keyboard('{Control>}a{/Control}');
    expect(screen.getByTestId('selection-count').textContent).toBe('3,000 images selected');
    await user.dblClick(cells[3] ?? document.body);
    expect(current()).toBe(id(4, 'G'));
  });

  it('keys do nothing while a dialog is open or text is typed', async () => {
    await open();
    await user.keyboard('{Control>},{/Control}');
    await user.click(await screen.findByTestId('annotator'));
    await user.keyboard('123');
    expect(applied()).toEqual([]);
    expect(await violations()).toEqual([]);
  });

  it('? lists the keys with those of the findings', async () => {
    await open();
    await user.keyboard('?');
    const overlay = await screen.findByTestId('keys-overlay');
    expect(within(overlay).getByText('Bacterial')).toBeTruthy();
    expect(within(overlay).getByText('Undo')).toBeTruthy();
    expect(await violations()).toEqual([]);
  });

  it('a menu command does what its key does', async () => {
    await open();
    act(() => bridge.emit('command', { id: 'navigate.grid' }));
    expect(await screen.findByTestId('grid')).toBeTruthy();
  });

  it('progress shows every figure with its n', async () => {
    await open({ headFrom: 0 });
    for (let n = 0; n < 10; n += 1) await user.keyboard('1');
    await screen.findByText('10 of 24 labelled');
    await user.keyboard('p');
    expect((await screen.findByTestId('prequential')).textContent).toContain('n = 10');
    expect(screen.getByTestId('prequential').textContent).not.toContain('Between');
    expect(screen.getByTestId('audit').textContent).toContain('n = 12 answers of 12 blind audits');
    expect(screen.getByTestId('not-blind').textContent).toContain('3 images of the audit were not answered blind');
    expect(screen.getByTestId('calibration').textContent).toContain('n = 10');
    expect(screen.getByTestId('learning-curve').textContent).toContain(
      '50 more labels: AUROC about +0.034, by a curve through 4 shares of n = 27',
    );
    expect(screen.getByTestId('stop-advice').textContent).toContain('agree by 0.91, 0.97, 0.99');
    expect(screen.getByTestId('stop-advice').textContent).toContain('from 10 labelled images');
    expect(screen.getByTestId('finding-table').textContent).toContain('0.82 to 0.9741 blind');
    expect(screen.getByTestId('finding-table').textContent).toContain('pessimistic9 / 19');
    expect(screen.getByTestId('head-comparison').textContent).toContain('Gaussian discriminant analysis is in use');
    expect(screen.getByTestId('proposal-sets').textContent).toContain('n = 52');
    expect(await violations()).toEqual([]);
  });

  it('an export that exists already is asked about before it is replaced', async () => {
    await open();
    await user.keyboard('1');
    await screen.findByText('1 of 24 labelled');
    await user.keyboard('{Control>}e{/Control}');
    await user.click(await screen.findByTestId('export-folder'));
    bridge.failures.set('export.labels', failing('output-exists', { file: '/out/labels.csv' }));
    await user.click(screen.getByTestId('export-run'));
    await user.click(await screen.findByTestId('export-overwrite'));
    expect(await screen.findByTestId('export-done')).toBeTruthy();
    expect(bridge.called('export.labels')).toMatchObject([{ overwrite: false }, { overwrite: true }]);
    expect(await violations()).toEqual([]);
  });

  it('a project that cannot be opened says why', async () => {
    start();
    bridge.failures.set('projects.open', failing('journal-damaged', { line: 12, reason: 'its checksum does not match' }));
    await user.click(await screen.findByTestId('recent-project'));
    expect((await screen.findByTestId('problem')).textContent).toContain('damaged at line 12');
    expect(screen.getByTestId('welcome')).toBeTruthy();
  });
});
