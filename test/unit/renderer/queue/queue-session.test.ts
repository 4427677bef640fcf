import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AHEAD, QueueSession } from '../../../../src/renderer/queue/queue-session';
import { id } from '../made-up/project';

const images = Array.from({ length: 30 }, (_, i) => id(i + 1, 'G'));
function source() {
  const state = { ranked: [] as string[], done: new Set<string>(), unsaved: new Set<string>(), reserved: new Set<string>() };
  const session = new QueueSession({
    ranked: () => state.ranked,
    folder: () => images,
    done: (image) => state.done.has(image),
    reserved: (image) => state.reserved.has(image),
    unsaved: (image) => state.unsaved.has(image),
  });
  return { state, session };
}

describe('the queue of a session', () => {
  it('begins in folder order while there is no ranking', () => {
    const { session } = source();
    session.fill();
    expect(session.view.get()).toEqual({ shown: [images[0]], at: 0, next: images.slice(1, 1 + AHEAD) });
  });

  it('takes the newest ranking for places that were not shown, and only for those', () => {
    const { session, state } = source();
    session.fill();
    state.ranked = [images[20] ?? '', images[1] ?? '', images[21] ?? ''];
    session.fill();
    expect(session.view.get().next).toEqual(images.slice(1, 1 + AHEAD));
    session.next();
    expect(session.current).toBe(images[1]);
    expect(session.view.get().next).toEqual([images[2], images[3], images[20]]);
  });

  it('never reshuffles what is on the screen, whatever rankings arrive', () => {
    const move = fc.oneof(
      fc.record({ kind: fc.constant('rank' as const), order: fc.shuffledSubarray(images) }),
      fc.constant({ kind: 'answer' as const }),
      fc.constant({ kind: 'next' as const }),
      fc.constant({ kind: 'previous' as const }),
      fc.record({ kind: fc.constant('go' as const), to: fc.constantFrom(...images) }),
    );
    fc.assert(
      fc.property(fc.array(move, { maxLength: 60 }), (moves) => {
        const { session, state } = source();
        session.fill();
        for (const each of moves) {
          const before = session.view.get();
          if (each.kind === 'rank') {
            state.ranked = each.order;
            session.fill();
          } else if (each.kind === 'answer') {
            if (session.current !== null) state.done.add(session.current);
            session.next();
          } else if (each.kind === 'next') session.next();
          else if (each.kind === 'previous') session.previous();
          else session.goTo(each.to);
          const after = session.view.get();
          // A ranking moves nothing at all.
          expect(each.kind !== 'rank' || after === before).toBe(true);
          // History only grows, and what stays among the next images keeps its order.
          expect(after.shown.slice(0, before.shown.length)).toEqual(before.shown);
          const kept = before.next.filter((image) => after.next.includes(image));
          expect(after.next.slice(0, kept.length)).toEqual(kept);
          // No image is on the screen twice.
          const all = [...after.shown, ...after.next];
          expect(new Set(all).size).toBe(all.length);
        }
      }),
      { numRuns: 200 },
    );
  });

  it('offers every unanswered image once, then ends', () => {
    const { session, state } = source();
    state.done.add(images[4] ?? '');
    session.fill();
    let steps = 1;
    while (session.next()) steps += 1;
    expect(steps).toBe(29);
    expect(session.view.get().shown).not.toContain(images[4]);
    expect(session.next()).toBe(false);
  });

  it('offers an image whose answer was refused again, before all others', () => {
    const { session, state } = source();
    session.fill();
    session.next();
    session.next();
    const [a = '', b = '', c = ''] = images;
    // The first was answered before: it comes all the same.
    state.done.add(a);
    state.unsaved = new Set([a, b]);
    session.again([a]);
    session.again([b]);
    expect(session.current).toBe(c);
    expect(session.view.get().next.slice(0, 2)).toEqual([a, b]);
    session.next();
    expect(session.current).toBe(a);
    state.unsaved.delete(a);
    session.next();
    expect(session.current).toBe(b);
    // Who goes on without an answer is not held up.
    session.next();
    session.next();
    expect(session.view.get().shown).toEqual([c, a, b, images[3], images[4]]);
  });

  it('leaves a refused image where it is while it is large', () => {
    const { session, state } = source();
    session.fill();
    state.unsaved.add(images[0] ?? '');
    session.again([images[0] ?? '']);
    expect(session.current).toBe(images[0]);
    session.next();
    expect(session.current).toBe(images[1]);
    expect(session.view.get().next[0]).toBe(images[0]);
  });

  it('drops an upcoming image that was answered elsewhere', () => {
    const { session, state } = source();
    session.fill();
    state.done.add(images[2] ?? '');
    session.next();
    expect(session.view.get().next).toEqual(images.slice(3, 6));
  });

  it('offers an image of the reserve where the ranking asks for it, and never in folder order', () => {
    const { session, state } = source();
    const [a = '', b = ''] = images;
    state.reserved = new Set([a, b]);
    state.ranked = [b];
    session.fill();
    expect(session.view.get()).toEqual({ shown: [b], at: 0, next: images.slice(2, 2 + AHEAD) });
    const seen: string[] = [];
    while (session.next()) seen.push(session.current ?? '');
    expect(seen).not.toContain(a);
    state.reserved.clear();
    session.rewind();
    expect(session.view.get().next).toEqual([a]);
  });

  it('takes images that come later', () => {
    const list: string[] = [];
    const session = new QueueSession({
      ranked: () => [],
      folder: () => list,
      done: () => false,
      reserved: () => false,
      unsaved: () => false,
    });
    session.fill();
    expect(session.current).toBeNull();
    list.push(...images.slice(0, 2));
    session.rewind();
    expect(session.view.get()).toEqual({ shown: [images[0]], at: 0, next: [images[1]] });
  });
});
