import { act, fireEvent, screen, waitFor, within } from '@testing-library/react';
import Dexie from 'dexie';
import type { ProjectStatus } from '../../../../src/contract/views';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { CopyDatabase, databaseName } from '../../../../src/renderer/database/copy';
import { makeServices } from '../../../../src/renderer/app/environment';
import { openSession } from '../../../../src/renderer/app/session';
import { FakeBridge } from '../fake-bridge';
import { failing, id, makeProject } from '../made-up/project';
import { openPage, violations } from '../page';

globalThis.fetch = () => Promise.resolve(new Response('{}', { status: 404 }));
afterEach(() => Dexie.delete(databaseName(makeProject().id)));

const gone = failing('folder-missing', { folder: '/data/radiographs' });
const again = '2026-11-22T10:00:30.000Z';
const lookFailed = {
  scan: { state: 'failed', found: 0, skipped: 0, missing: 0, metadata: null },
  failures: [{ work: 'scan', failure: gone, times: 1, again }],
} satisfies Partial<ProjectStatus>;

describe('a folder that is not there', () => {
  it('is said in the view with its way out, until it is back', async () => {
    const { bridge, user } = await openPage();
    await user.keyboard('1');
    await screen.findByText('1 of 24 labelled');
    act(() => bridge.tell(lookFailed));
    const trouble = await screen.findByTestId('trouble');
    expect(trouble.textContent).toContain('The folder /data/radiographs is not there.');
    expect(trouble.textContent).toContain('labels of 1 image are safe');
    expect(await violations()).toEqual([]);
    expect(trouble.textContent).toMatch(/By itself at \d/);
    await user.click(within(trouble).getByText('Try again'));
    expect(bridge.called('work.retry')).toEqual([{ project: bridge.project.id, work: 'scan' }]);
    await waitFor(() => expect(screen.queryByTestId('trouble')).toBeNull());
  });

  it('is chosen again where it was moved to; another folder is refused', async () => {
    const { bridge, user } = await openPage();
    act(() => bridge.tell(lookFailed));
    bridge.chosenFolder = '/elsewhere';
    bridge.failures.set('projects.relocate', failing('folder-foreign', { folder: '/elsewhere', example: 'ward/000001.png' }));
    await user.click(await screen.findByTestId('relocate'));
    expect((await screen.findByTestId('trouble')).textContent).toContain('Choose the folder that holds ward/000001.png.');
    bridge.chosenFolder = '/moved';
    await user.click(screen.getByTestId('relocate'));
    await waitFor(() => expect(screen.queryByTestId('trouble')).toBeNull());
    expect(bridge.called('projects.relocate')).toEqual([
      { project: bridge.project.id, root: id(1, 'R'), folder: '/elsewhere' },
      { project: bridge.project.id, root: id(1, 'R'), folder: '/moved' },
    ]);
  });

  it('nothing is asked of main when the dialog is cancelled', async () => {
    const { bridge, user } = await openPage();
    act(() => bridge.tell(lookFailed));
    bridge.chosenFolder = null;
    await user.click(await screen.findByTestId('relocate'));
    expect(bridge.called('projects.relocate')).toEqual([]);
    expect(screen.getByTestId('trouble')).toBeTruthy();
  });
});

describe('an encoder that is not there', () => {
  it('leads to the encoders in the settings, and is tried again', async () => {
    const { bridge, user } = await openPage();
    const failure = failing('encoder-missing', { encoder: 'EVA-X-S' });
    const embedding = { ...bridge.status.embedding, state: 'failed' } as const;
    const tell = () => bridge.tell({ embedding, failures: [{ work: 'embed', failure, times: 1, again }] });
    act(tell);
    const trouble = await screen.findByTestId('trouble');
    expect(trouble.textContent).toContain('The encoder EVA-X-S is not on this machine.');
    await user.click(within(trouble).getByText('Try again'));
    expect(bridge.called('work.retry')).toEqual([{ project: bridge.project.id, work: 'embed' }]);
    act(tell);
    await user.click(await screen.findByTestId('open-encoders'));
    expect((await screen.findByTestId('settings-encoders')).getAttribute('aria-selected')).toBe('true');
    expect(screen.getByTestId('import-encoder')).toBeTruthy();
  });
});

describe('work in the background that fails', () => {
  it('is shown once for each kind with its next step, the cause before what waits for it, and goes when it works', async () => {
    const { bridge } = await openPage();
    const failures: ProjectStatus['failures'] = [
      { work: 'round', failure: failing('backend-unavailable', { backend: 'tfjs-node', reason: 'it is not installed' }), times: 4, again },
      { work: 'embed', failure: failing('disk-full', { folder: '/profile' }), times: 1, again },
    ];
    act(() => bridge.tell({ failures }));
    const shown = await screen.findAllByTestId('trouble');
    expect(shown.map((each) => each.getAttribute('data-work'))).toEqual(['embed', 'round']);
    expect(shown[1]?.textContent).toContain('The backend tfjs-node cannot be used here: it is not installed.');
    expect(shown[1]?.textContent).toContain('no label is lost');
    expect(await violations()).toEqual([]);
    act(() => bridge.tell({ failures: [] }));
    await waitFor(() => expect(screen.queryByTestId('trouble')).toBeNull());
  });

  it('that the person had asked for is begun again by them, or put away', async () => {
    const { bridge, user } = await openPage();
    const full = failing('disk-full', { folder: '/out' });
    act(() => bridge.tell({ failures: [{ work: 'export', failure: full, times: 1, again: null }] }));
    const trouble = await screen.findByTestId('trouble');
    await user.click(within(trouble).getByText('Export again…'));
    await screen.findByTestId('export-dialog');
    // The dialog says itself what fails.
    expect(screen.queryByTestId('trouble')).toBeNull();
    await user.click(screen.getByTestId('export-dialog-close'));
    await user.click(await screen.findByTestId('dismiss-work'));
    expect(bridge.called('work.dismiss')).toEqual([{ project: bridge.project.id, work: 'export' }]);
  });

  it('damaged rows of the store are told once, until the person puts that away', async () => {
    const { bridge, user } = await openPage();
    const damaged = (rows: number) => act(() => bridge.tell({ embedding: { ...bridge.status.embedding, damaged: rows } }));
    damaged(2);
    const told = await screen.findByTestId('problem');
    expect(told.textContent).toContain('2 stored embeddings were damaged');
    damaged(2);
    damaged(2);
    expect(screen.getAllByTestId('problem')).toHaveLength(1);
    expect(await violations()).toEqual([]);
    await user.click(within(told).getByLabelText('Dismiss'));
    damaged(2);
    expect(screen.queryByTestId('problem')).toBeNull();
  });

  it('thumbnails that could not be made are asked for again when they can be', async () => {
    const { bridge, user } = await openPage();
    await user.keyboard('g');
    act(() => bridge.tell({ failures: [{ work: 'thumbnail', failure: failing('disk-full', { folder: '/profile' }), times: 1, again }] }));
    const [picture] = within((await screen.findAllByTestId('grid-cell'))[0] ?? document.body).getAllByRole('img');
    if (!picture) throw new Error('a thumbnail is shown');
    fireEvent.error(picture);
    await screen.findByTestId('no-thumbnail');
    act(() => bridge.tell({ failures: [] }));
    await waitFor(() => expect(screen.queryByTestId('no-thumbnail')).toBeNull());
  });
});

it('the folder is scanned again by key, and what was found is said', async () => {
  const { bridge, user } = await openPage();
  await user.keyboard('{F5}');
  expect((await screen.findByTestId('problem')).textContent).toContain('The folder is as it was.');
  bridge.outcome = { added: 2, changed: 1, moved: 3, missing: 1, uncompared: 0 };
  await user.keyboard('{F5}');
  await screen.findByText(
    'The folder was scanned: 2 new images, 1 image changed, 3 images found again under another name, 1 image no longer there.',
  );
  expect(bridge.called('projects.rescan')).toHaveLength(2);
});

it('an image whose file is missing stays in the grid as a quiet tile, can be filtered, and is not asked for', async () => {
  const { bridge, user } = await openPage();
  const asked = screen.getByTestId('queue-image').getAttribute('data-image') ?? '';
  bridge.missing = [asked];
  act(() => bridge.tell({ scan: { state: 'done', found: 23, skipped: 0, missing: 1, metadata: null } }));
  await user.keyboard('g');
  expect((await screen.findByTestId('missing-file')).textContent).toContain('file is missing');
  expect(await violations()).toEqual([]);
  await user.selectOptions(screen.getByTestId('grid-filter'), 'missing');
  expect(screen.getAllByTestId('grid-cell').map((cell) => cell.getAttribute('data-image'))).toEqual([asked]);
  bridge.missing = [];
  act(() => bridge.tell({ scan: { state: 'done', found: 24, skipped: 0, missing: 0, metadata: null } }));
  await screen.findByText('No image matches this filter.');
});

it('a long comparison of contents is shown, and can be stopped', async () => {
  const { bridge, user } = await openPage();
  act(() => bridge.emit('progress', { job: 'relink', done: 32, total: 900, what: 'Comparing files by their contents' }));
  await user.click(await screen.findByTestId('stop-relink'));
  expect(bridge.called('jobs.stop')).toEqual([{ job: 'relink' }]);
  act(() => bridge.emit('progress', { job: 'relink', done: 900, total: 900, what: 'Comparing files by their contents' }));
  expect(screen.queryByTestId('stop-relink')).toBeNull();
});

it('findings get other names, keys and colours and further ones join; those with labels cannot be removed', async () => {
  const { bridge, user } = await openPage();
  await user.keyboard('1');
  await screen.findByText('1 of 24 labelled');
  await user.keyboard('{Control>}f{/Control}');
  const dialog = await screen.findByTestId('findings-dialog');
  expect(within(dialog).getByLabelText('Remove finding 1')).toHaveProperty('disabled', true);
  const name = within(dialog).getByTestId('finding-name-1');
  await user.clear(name);
  expect(screen.getByTestId('save-findings')).toHaveProperty('disabled', true);
  await user.type(name, 'Bacteria');
  await user.click(within(dialog).getByTestId('add-finding'));
  await user.type(within(dialog).getByTestId('finding-name-3'), 'Tuberculosis');
  expect(await violations()).toEqual([]);
  await user.click(screen.getByTestId('save-findings'));
  await screen.findByTestId('finding-Tuberculosis');
  expect(bridge.called('projects.findings')).toMatchObject([
    {
      findings: [
        { id: id(1, 'F'), name: 'Normal', hotkey: '1' },
        { id: id(2, 'F'), name: 'Bacteria', hotkey: '2' },
        { id: id(3, 'F'), name: 'Viral', hotkey: '3' },
        { id: null, name: 'Tuberculosis', hotkey: '4' },
      ],
    },
  ]);
  expect(screen.queryByTestId('findings-dialog')).toBeNull();
});

it('a finding that nobody has labelled is taken out', async () => {
  const { bridge, user } = await openPage({ project: makeProject('multilabel') });
  await user.keyboard('1');
  await screen.findByText('1 of 24 labelled');
  await user.keyboard('{Control>}f{/Control}');
  const dialog = await screen.findByTestId('findings-dialog');
  expect(within(dialog).getByLabelText('Remove finding 1')).toHaveProperty('disabled', true);
  await user.click(within(dialog).getByLabelText('Remove finding 2'));
  await user.click(screen.getByTestId('save-findings'));
  await waitFor(() => expect(screen.queryByTestId('finding-Bacterial')).toBeNull());
  expect(bridge.project.findings.map(({ name }) => name)).toEqual(['Normal', 'Viral']);
});

it('strategy and head show what is in force, with a line on when to use it', async () => {
  const { bridge, user } = await openPage();
  await user.keyboard('p');
  const strategy = await screen.findByTestId('strategy');
  await user.selectOptions(strategy, 'rare');
  expect(bridge.called('queue.settings')).toEqual([
    { project: bridge.project.id, strategy: 'rare', head: 'auto', combine: 'mean', missed: 0.1 },
  ]);
  await waitFor(() => expect(strategy).toHaveProperty('value', 'rare'));
  expect(screen.getByTestId('strategy-when').textContent).toContain('Needs one positive');
  bridge.failures.set('queue.settings', failing('refused'));
  await user.selectOptions(strategy, 'kcentre');
  await screen.findByTestId('problem');
  expect(strategy).toHaveProperty('value', 'rare');
});

describe('similar images', () => {
  it('are those that are labelled, and a click shows one large', async () => {
    const { bridge, user } = await openPage();
    await user.keyboard('.');
    expect((await screen.findByTestId('similar')).textContent).toContain('None of the 23 most similar images is labelled yet.');
    const first = screen.getByTestId('queue-image').dataset['image'] ?? '';
    await user.keyboard('2');
    const near = await screen.findByTestId('similar-image');
    expect(near.dataset['image']).toBe(first);
    expect(near.textContent).toContain('Bacterial');
    expect(await violations()).toEqual([]);
    await user.click(near);
    expect(screen.getByTestId('queue-image').dataset['image']).toBe(first);
    expect(bridge.called('queue.similar').at(-1)).toMatchObject({ image: first });
    await user.keyboard('.');
    expect(screen.queryByTestId('similar')).toBeNull();
  });

  it('are not embedded yet while main knows none', async () => {
    const { user } = await openPage({ images: 1 });
    await user.keyboard('.');
    expect((await screen.findByTestId('similar')).textContent).toContain('This image is not embedded yet.');
  });
});

it('the header of a file is searched by tag, name and value', async () => {
  const { user } = await openPage();
  await user.keyboard('{Control>}i{/Control}');
  const search = await screen.findByTestId('header-search');
  expect(screen.getByTestId('header-fields').querySelectorAll('tr')).toHaveLength(3);
  await user.type(search, 'view');
  expect(screen.getByTestId('header-fields').textContent).toBe('(0018,5101)View PositionPA');
  expect(await violations()).toEqual([]);
});

it('the button of Enter says what it would do', async () => {
  const { user } = await openPage({ project: makeProject('multilabel', ['A', 'B', 'C', 'D', 'E', 'F', 'G']) });
  const accept = () => screen.getByTestId('accept');
  expect(accept().textContent).toContain('Nothing to accept');
  expect(accept()).toHaveProperty('disabled', true);
  expect(accept().className).not.toContain('primary');
  await user.keyboard('1');
  await waitFor(() => expect(accept().textContent).toContain('Go on'));
  await user.keyboard('{ArrowRight}1{ArrowRight}');
  await waitFor(() => expect(accept().className).toContain('primary'));
  const outlined = [...document.querySelectorAll<HTMLElement>('[data-enter]')].map(({ dataset }) => dataset['enter']);
  for (const state of ['present', 'absent']) expect(accept().textContent?.includes(state)).toBe(outlined.includes(state));
});

it('files that are no images are counted, and one that failed is named once', async () => {
  const { bridge, user } = await openPage();
  act(() =>
    bridge.tell({
      scan: { ...bridge.status.scan, skipped: 18 },
      embedding: { ...bridge.status.embedding, failed: 1 },
    }),
  );
  await user.keyboard('p');
  expect((await screen.findByTestId('left-out')).textContent).toBe('18 other files');
  const failures = await screen.findByTestId('failures');
  expect(failures.textContent?.split('ward/000003.png')).toHaveLength(2);
  expect(failures.textContent).toContain('This file is damaged: it ends after 512 bytes.');
});

it('a picture that cannot be shown is a tile with the name of its file', async () => {
  await openPage();
  const [frame] = screen.getAllByTestId('frame');
  const picture = frame?.querySelector('img');
  if (!frame || !picture) throw new Error('frame');
  fireEvent.error(picture);
  const tile = within(frame).getByTestId('no-thumbnail');
  expect(tile.textContent).toMatch(/^\d{6}\.png$/);
  expect(frame.querySelector('img')).toBeNull();
  expect(await violations()).toEqual([]);
});

it('the settings say where labels are', async () => {
  const { user } = await openPage();
  await user.keyboard('{Control>},{/Control}');
  await waitFor(() => expect(screen.getByTestId('profile').textContent).toBe('/home/reader/.config/collimate'));
  expect(await violations()).toEqual([]);
});

it('while a project is opened, it is said how far its labels are read', async () => {
  const heard: (number | null)[] = [];
  const bridge = new FakeBridge();
  const services = makeServices(bridge, { thumbnail: () => 'about:blank', pixels: () => 'about:blank' });
  const session = await openSession(services, bridge.project.id, ({ done, total }) => heard.push(done, total));
  if (!session.ok) throw new Error('not opened');
  expect(heard).toEqual([0, bridge.journal.length, bridge.journal.length, bridge.journal.length]);
  await session.value.close();
});

it('opened again at once, a project is closed before: not after, when that would close the new opening', async () => {
  const { bridge, user } = await openPage();
  // A copy of the journal that takes its time, as with twenty thousand answers at once.
  // oxlint-disable-next-line typescript/unbound-method -- called with its own `this`
  const { append } = CopyDatabase.prototype;
  const slow = vi.spyOn(CopyDatabase.prototype, 'append').mockImplementation(async function (this: CopyDatabase, ...rows) {
    await new Promise((resolve) => setTimeout(resolve, 500));
    return append.apply(this, rows);
  });
  await user.keyboard('1');
  await user.keyboard('{Control>}w{/Control}');
  slow.mockRestore();
  fireEvent.click(screen.getByTestId('recent-project'));
  await screen.findByTestId('queue-view');
  const order = bridge.calls.flatMap(({ method }) => (/^projects\.(open|close)$/.test(method) ? [method] : []));
  expect(order).toEqual(['projects.open', 'projects.close', 'projects.open']);
});
