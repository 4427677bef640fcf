import { screen, waitFor, within } from '@testing-library/react';
import Dexie from 'dexie';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { isReserved } from '../../../../src/contract/reserve';
import type { CellRequest } from '../../../../src/contract/views';
import { makeServices } from '../../../../src/renderer/app/environment';
import { openSession } from '../../../../src/renderer/app/session';
import { databaseName } from '../../../../src/renderer/database/copy';
import { answerFinding, accept, clear, unsure } from '../../../../src/renderer/queue/actions';
import { shownImages } from '../../../../src/renderer/grid/filter';
import { FakeBridge } from '../fake-bridge';
import { id, makeProject } from '../made-up/project';
import { appear, openPage, violations } from '../page';

globalThis.fetch = () => Promise.resolve(new Response('{}', { status: 404 }));
afterEach(() => Dexie.delete(databaseName(makeProject().id)));

const project = (share: number, task: 'multiclass' | 'multilabel' = 'multilabel') => {
  const made = makeProject(task, ['A', 'B', 'C']);
  return { ...made, audit: { ...made.audit, share } };
};
const applied = (bridge: FakeBridge) => (bridge.called('labels.apply') as { cells: CellRequest[] }[]).flatMap(({ cells }) => cells);

describe('what the screen says of an image is what the journal gets', () => {
  const step = fc.oneof(
    { weight: 4, arbitrary: fc.record({ kind: fc.constant('answer' as const), finding: fc.nat(2), shift: fc.boolean() }) },
    { weight: 1, arbitrary: fc.constantFrom({ kind: 'enter' as const }, { kind: 'unsure' as const }, { kind: 'clear' as const }) },
    {
      weight: 2,
      arbitrary: fc.constantFrom(
        { kind: 'next' as const },
        { kind: 'back' as const },
        { kind: 'round' as const },
        { kind: 'wait' as const },
      ),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('go' as const), image: fc.integer({ min: 1, max: 12 }) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('bulk' as const), image: fc.integer({ min: 1, max: 12 }) }) },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constant('patient' as const),
        image: fc.integer({ min: 1, max: 12 }),
        patient: fc.constantFrom('p', 'q', 'r'),
      }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('share' as const), share: fc.constantFrom(0, 0.3, 0.6) }) },
    {
      weight: 1,
      arbitrary: fc.record({ kind: fc.constant('rank' as const), order: fc.shuffledSubarray(Array.from({ length: 12 }, (_, row) => row)) }),
    },
  );

  it.each(['multiclass', 'multilabel'] as const)('%s, at any pace, with any rounds in any order', async (task) => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 30 }), fc.boolean(), async (steps, slow) => {
        const bridge = new FakeBridge({ project: project(0.4, task), images: 12, read: true, headFrom: 1 });
        const services = makeServices(bridge, { thumbnail: () => '', pixels: () => '' });
        const opened = await openSession(services, bridge.project.id);
        if (!opened.ok) throw new Error('not opened');
        const session = opened.value;
        const context = { session, hidden: false, focused: null, hint: () => undefined };
        let release = () => {};
        if (slow) bridge.gate = new Promise((resolve) => (release = resolve));
        for (const each of steps) {
          const image = session.queue.current;
          const view = image === null ? null : session.labels.of(image);
          const before = applied(bridge).length;
          switch (each.kind) {
            case 'answer': {
              const finding = bridge.project.findings[each.finding];
              if (finding) answerFinding(context, finding, each.shift && task === 'multilabel');
              break;
            }
            case 'enter':
              accept(context);
              break;
            case 'unsure':
              unsure(context);
              break;
            case 'clear':
              clear(context);
              break;
            case 'next':
              session.queue.next();
              break;
            case 'back':
              session.queue.previous();
              break;
            case 'round':
              bridge.sendRound();
              break;
            case 'wait':
              await new Promise((resolve) => setTimeout(resolve));
              break;
            case 'go':
              session.queue.goTo(id(each.image, 'G'));
              break;
            case 'bulk':
              void session.writer.apply([{ image: id(each.image, 'G'), answers: [{ finding: id(1, 'F'), state: 'present' }] }], {
                source: 'bulk',
                shown: true,
              });
              break;
            case 'patient': {
              const record = bridge.state.images.get(id(each.image, 'G'));
              if (record) bridge.append({ kind: 'images', images: [{ ...record, patient: each.patient }] });
              break;
            }
            case 'share':
              await bridge.call('projects.audit', { project: bridge.project.id, share: each.share });
              break;
            case 'rank': {
              const entry = (row: number) => ({ row, score: 1, audit: row % 2 === 0, reason: { code: 'audit' as const, params: {} } });
              bridge.emit('round', { ...bridge.round(), queue: each.order.map(entry) });
              break;
            }
          }
          for (const cell of applied(bridge).slice(before)) {
            const bulk = each.kind === 'bulk';
            const asked = bulk ? session.labels.of(cell.image) : view;
            if (!asked) throw new Error('answered without an image');
            expect(cell.image).toBe(bulk ? id(each.image, 'G') : asked.id);
            expect({ use: cell.use, blind: cell.blind ?? false }).toEqual({ use: asked.use, blind: !bulk && asked.reserved });
            const opinion = cell.shown !== null || cell.head !== null || cell.source === 'accepted';
            expect(asked.reserved && opinion).toBe(false);
          }
          const leaked = [...bridge.state.images.values()].filter(
            (record) => isReserved(record, bridge.project) && session.proposals.of(record.id),
          );
          expect(leaked).toEqual([]);
        }
        release();
        await session.close();
        await Dexie.delete(databaseName(bridge.project.id));
      }),
      { numRuns: 25 },
    );
  });
});

describe('an image of the reserve', () => {
  it('is asked without the model’s opinion, and says so', async () => {
    const { bridge, user, clock } = await openPage({ project: project(1), read: true, headFrom: 0 });
    const reason = () => screen.getByTestId('reason');
    await waitFor(() => expect(reason().dataset['blind']).toBe('true'));
    await user.keyboard('.;');
    expect(reason().textContent).toContain('Answered without the model’s opinion, and kept out of training');
    for (const absent of ['proposal', 'proposal-set', 'low-evidence', 'similar', 'compare'])
      expect(screen.queryByTestId(absent)).toBeNull();
    expect(screen.getByTestId('accept')).toHaveProperty('disabled', true);
    await user.keyboard('{Enter}');
    expect(applied(bridge)).toEqual([]);
    await user.keyboard('1');
    appear();
    clock.now += 999;
    await user.keyboard('a');
    expect(applied(bridge)).toHaveLength(1);
    clock.now += 1;
    await user.keyboard('a');
    expect(applied(bridge).map(({ state, use, blind, by }) => [state, use, blind, by])).toEqual([
      ['present', 'audit', true, undefined],
      ['absent', 'audit', true, 'restAbsent'],
      ['absent', 'audit', true, 'restAbsent'],
    ]);
    await user.keyboard('p');
    expect((await screen.findByTestId('rest-absent')).textContent).toBe('By A: 2 labels absent; of 2 audit negatives 2 (100 %)');
    expect(await violations()).toEqual([]);
  });

  it('that was answered in bulk is not read yet where it is asked, and the blind answer is written', async () => {
    const { bridge, user } = await openPage({ project: project(1, 'multiclass'), read: true, headFrom: 0, images: 3 });
    await user.keyboard('g');
    await screen.findAllByTestId('grid-cell');
    expect(screen.getAllByTestId('grid-audit')).toHaveLength(3);
    expect(screen.queryByTestId('proposal')).toBeNull();
    await user.keyboard('{Control>}a{/Control}1');
    await screen.findByText('3 of 3 labelled');
    expect(applied(bridge).every(({ use, blind }) => use === 'audit' && blind === undefined)).toBe(true);
    await user.keyboard('q');
    await screen.findByTestId('queue-view');
    const image = screen.getByTestId('queue-image').dataset['image'];
    expect(screen.getByTestId('finding-A').dataset['state']).toBe('none');
    expect(within(screen.getByTestId('filmstrip')).queryByText('A')).toBeNull();
    await user.keyboard('1');
    // The same answer is another one when it is given blind.
    expect(applied(bridge).slice(3)).toMatchObject(
      ['present', 'absent', 'absent'].map((state) => ({ image, state, blind: true, use: 'audit' })),
    );
    expect(screen.getByTestId('queue-image').dataset['image']).not.toBe(image);
  });

  it('is given up when the person opens the reserve, after being asked', async () => {
    const { bridge, user } = await openPage({ project: project(1), read: true, headFrom: 0 });
    await user.keyboard('p');
    await user.click(await screen.findByTestId('open-reserve'));
    expect(screen.getByTestId('reserve-dialog').textContent).toContain('24 images of the reserve have no blind answer yet');
    expect(bridge.called('projects.audit')).toEqual([]);
    await user.click(screen.getByTestId('confirm-open-reserve'));
    await waitFor(() => expect(screen.queryByTestId('reserve-dialog')).toBeNull());
    expect(bridge.called('projects.audit')).toEqual([{ project: bridge.project.id, open: true }]);
    await waitFor(() => expect(screen.getByTestId('reason').dataset['use']).toBeUndefined());
    await screen.findAllByTestId('proposal');
    expect(screen.getByTestId('audit-state').textContent).toContain('The reserve was opened on 2026-11-22');
  });

  it('takes no part in a filter or an order of the grid by probability', () => {
    const images = [1, 2, 3].map((n) => id(n, 'G'));
    const reserved = images[1];
    const probabilities = (image: string) => (image === reserved ? null : new Map([[id(1, 'F'), image === images[0] ? 0.6 : 0.9]]));
    const view = (image: string) => ({
      id: image,
      record: null,
      cells: new Map(),
      skipped: false,
      answered: false,
      reserved: image === reserved,
      use: 'train' as const,
    });
    const facts = {
      task: 'multilabel' as const,
      findings: makeProject().findings,
      view,
      probabilities,
      failed: new Set<string>(),
      missing: new Set<string>(),
    };
    expect(shownImages(images, { kind: 'proposed', finding: id(1, 'F') }, 'confidence', facts)).toEqual([images[2], images[0]]);
    expect(shownImages(images, { kind: 'all' }, 'confidence', facts)).toEqual([images[2], images[0], reserved]);
  });
});

it('the share of the reserve and the limit of Enter are settings of the project', async () => {
  const { bridge, user } = await openPage({ project: project(0.15), headFrom: 0 });
  await user.keyboard('p');
  await user.selectOptions(await screen.findByTestId('audit-share'), '20 %');
  expect(bridge.called('projects.audit')).toEqual([{ project: bridge.project.id, share: 0.2 }]);
  await user.selectOptions(screen.getByTestId('missed'), '5');
  expect(bridge.called('queue.settings')).toMatchObject([{ missed: 0.05, strategy: 'auto' }]);
  await waitFor(() => expect(screen.getByTestId('missed')).toHaveProperty('value', '5'));
  expect(screen.getByTestId('enter-table').textContent).toContain('3 %<1 % to 14 %n = 38');
  expect(screen.getByTestId('enter-table').textContent).toContain('not enough yet to say');
});

it('without skill the probability is shown as too little to go by, and Enter accepts nothing', async () => {
  const none = { skill: [false, false, false], enough: [true, true, true], present: [0.9, 0.9, 0.9], absent: [0.1, 0.1, 0.1] };
  const acceptance = { ...none, missed: 0.1, needed: 9, positives: [1, 2, 3], wrong: [null, null, null] };
  const { user, bridge } = await openPage({ project: project(0), headFrom: 0, acceptance });
  const shown = await screen.findAllByTestId('proposal');
  expect(shown.every(({ textContent }) => textContent?.includes('too few labels yet'))).toBe(true);
  expect(document.querySelector('[data-enter]')).toBeNull();
  expect(screen.getByTestId('accept').className).not.toContain('primary');
  await user.keyboard('{Enter}');
  expect(applied(bridge)).toEqual([]);
  await user.keyboard('p');
  expect((await screen.findByTestId('enter-without')).textContent).toContain('None of the findings has labels enough yet');
});
