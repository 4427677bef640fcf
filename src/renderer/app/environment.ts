import { createContext, useContext } from 'react';
import { BRIDGE_GLOBAL, type BridgeService } from '../../contract/bridge';
import type { Id } from '../../contract/model';
import type { Client } from '../../contract/wire';
import { Problems } from './problems';
import { SettingsStore } from './settings-store';

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
}

export function makeServices(bridge: Bridge, pictures: Pictures): Services {
  const problems = new Problems();
  return { bridge, pictures, problems, settings: new SettingsStore(bridge, problems) };
}

export function bridgeOfPage(): Bridge {
  const found: unknown = Reflect.get(globalThis, BRIDGE_GLOBAL);
  if (typeof found !== 'object' || found === null) throw new Error('the preload script did not run: there is no bridge');
  return found as Bridge;
}

export const EnvironmentContext = createContext<Services | null>(null);

export function useServices(): Services {
  const services = useContext(EnvironmentContext);
  if (!services) throw new Error('no services around this component');
  return services;
}
