import { createContext, useContext } from 'react';
import { AS_TEXT, BRIDGE_GLOBAL, type BridgeService } from '../../contract/bridge';
import type { Id } from '../../contract/model';
import type { Client } from '../../contract/wire';
import { Problems } from './problems';
import { SettingsStore } from './settings-store';
import { nextTurn } from './turn';

export type Bridge = Pick<Client<BridgeService>, 'call' | 'on'>;

/** Where the page fetches pictures of the open project. */
export interface Pictures {
  thumbnail(project: Id, image: Id): string;
  pixels(project: Id, image: Id): string;
}

/** What every part of the page may use. */
export interface Services {
  readonly bridge: Bridge;
  readonly pictures: Pictures;
  readonly problems: Problems;
  readonly settings: SettingsStore;
  /** Milliseconds of a clock that never goes back. */
  readonly now: () => number;
}

export function makeServices(bridge: Bridge, pictures: Pictures, now: () => number = () => performance.now()): Services {
  const problems = new Problems();
  return { bridge, pictures, problems, settings: new SettingsStore(bridge, problems), now };
}

/** What the preload script offers: text goes through as it is. */
type PageBridge = Bridge & { call(method: string, params: string): Promise<string> };

const LONG_TEXT = 1_000_000;
/** From so many cells on a request is made into text in a turn of its own. */
const LONG_REQUEST = 1000;

export function bridgeOfPage(): Bridge {
  const found: unknown = Reflect.get(globalThis, BRIDGE_GLOBAL);
  if (typeof found !== 'object' || found === null) throw new Error('the preload script did not run: there is no bridge');
  const page = found as PageBridge;
  const asText = async (method: string, params: unknown): Promise<never> => {
    const text = await page.call(method, JSON.stringify(params));
    // A long answer is read in a turn of its own, and what is done with it in another, so that the page draws in between.
    const isLong = text.length > LONG_TEXT;
    if (isLong) await nextTurn();
    const value = JSON.parse(text) as never;
    if (isLong) await nextTurn();
    return value;
  };
  let waiting = 0;
  let turn = Promise.resolve();
  /** What is asked after a long request waits for it: main hears all in the order in which it was asked. */
  const inOrder = async (isLong: boolean): Promise<void> => {
    waiting += 1;
    turn = turn.then(isLong ? nextTurn : undefined);
    await turn;
    waiting -= 1;
  };
  return {
    on: page.on,
    call: async (method, params) => {
      const isLong = 'cells' in params && params.cells.length > LONG_REQUEST;
      if (isLong || waiting > 0) await inOrder(isLong);
      return AS_TEXT.has(method) ? asText(method, params) : page.call(method, params);
    },
  };
}

export const EnvironmentContext = createContext<Services | null>(null);

export function useServices(): Services {
  const services = useContext(EnvironmentContext);
  if (!services) throw new Error('no services around this component');
  return services;
}
