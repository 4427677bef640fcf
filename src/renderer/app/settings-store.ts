import type { BridgeService } from '../../contract/bridge';
import type { AppSettings } from '../../contract/views';
import type { Client } from '../../contract/wire';
import type { Problems } from './problems';
import { Signal } from './signal';

/** The person's settings: shown at once, kept by main. */
export class SettingsStore {
  readonly current = new Signal<AppSettings>({
    theme: 'system',
    hideProposals: false,
    annotator: 'Annotator',
    mirror: '',
    tfjsFolder: null,
    showPatients: false,
  });
  readonly #bridge: Pick<Client<BridgeService>, 'call'>;
  readonly #problems: Problems;

  constructor(bridge: Pick<Client<BridgeService>, 'call'>, problems: Problems) {
    this.#bridge = bridge;
    this.#problems = problems;
  }

  async load(): Promise<void> {
    const result = await this.#bridge.call('settings.get', {});
    if (result.ok) this.current.set(result.value);
    else this.#problems.failure(result.failure);
  }

  async change(patch: Partial<Omit<AppSettings, 'tfjsFolder'>>): Promise<void> {
    const before = this.current.get();
    this.current.set({ ...before, ...patch });
    const result = await this.#bridge.call('settings.set', patch);
    if (result.ok) return;
    this.current.set(before);
    this.#problems.failure(result.failure);
  }
}
