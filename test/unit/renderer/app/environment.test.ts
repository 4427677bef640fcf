import { afterEach, expect, it } from 'vitest';
import { BRIDGE_GLOBAL } from '../../../../src/contract/bridge';
import { bridgeOfPage } from '../../../../src/renderer/app/environment';

afterEach(() => {
  Reflect.deleteProperty(globalThis, BRIDGE_GLOBAL);
});

it('hands over requests in the order in which they were made, also behind one that takes long to make', async () => {
  const heard: [string, unknown][] = [];
  const page = {
    on: () => () => undefined,
    call: (method: string, params: unknown) => {
      const given: unknown = typeof params === 'string' ? JSON.parse(params) : params;
      heard.push([method, given]);
      return Promise.resolve(typeof params === 'string' ? '{"ok":true,"value":null}' : { ok: true, value: null });
    },
  };
  Reflect.set(globalThis, BRIDGE_GLOBAL, page);
  const bridge = bridgeOfPage();
  const cells = (count: number) =>
    Array.from({ length: count }, (_, n) => ({
      image: String(n),
      finding: 'f',
      state: 'present' as const,
      source: 'bulk' as const,
      shown: null,
      head: null,
    }));
  const project = 'p';
  const asked = [
    () => bridge.call('labels.apply', { project, cells: cells(1) }),
    () => bridge.call('labels.apply', { project, cells: cells(5000) }),
    () => bridge.call('labels.skip', { project, image: '7' }),
    () => bridge.call('labels.apply', { project, cells: cells(4000) }),
    () => bridge.call('labels.undo', { project }),
    () => bridge.call('projects.close', { project }),
  ];
  const answers = await Promise.all(asked.map((ask) => ask()));
  expect(answers.every(({ ok }) => ok)).toBe(true);
  expect(heard.map(([method]) => method)).toEqual([
    'labels.apply',
    'labels.apply',
    'labels.skip',
    'labels.apply',
    'labels.undo',
    'projects.close',
  ]);
  expect(heard[3]?.[1]).toEqual({ project, cells: cells(4000) });
});
