import { Crosshair } from 'lucide-react';
import { Combine, HeadKind, Strategy } from '../../contract/jobs/trainer';
import { useServices } from '../app/environment';
import { useSession } from '../app/session-context';
import { useSignal } from '../app/signal';
import { combinations, heads, kinds, strategies } from './choices';
import { Term } from '../controls/Term';
import { useProject } from '../labels/use-labels';
import type { RoundView } from '../../contract/views';
import type { HeadFile } from '../../contract/head';
import { isFitted } from '../labels/said';
import { count, counted, milliseconds } from '../controls/figures';

const stages = { idle: 'Waiting for labels', basis: 'Preparing the pool', quick: 'Refitting', full: 'Judging on unseen patients' } as const;

const rounds = { cold: 'without a head', quick: 'at once after an answer', full: 'judged on unseen patients' } as const;
const backends: Readonly<Record<string, string>> = {
  cpu: 'the processor, in JavaScript',
  wasm: 'the processor (wasm)',
  webgpu: 'the graphics card (WebGPU)',
  'tfjs-node': 'the processor (native library)',
  'tfjs-node-gpu': 'the graphics card (CUDA)',
};

function headWords(round: RoundView, { kind, ready }: HeadFile): string {
  if (!isFitted(round)) return "the encoder file's own";
  const own = ready?.findings.filter(Boolean).length ?? 0;
  return own === 0 ? kinds[kind].title : `${kinds[kind].title}; the encoder file's own for ${counted(own, 'finding')}`;
}

/** What the queue is doing, and with what. */
export function QueueState({ onSearch }: { readonly onSearch: () => void }) {
  const { bridge, problems } = useServices();
  const { id: project, status, proposals } = useSession();
  const { trainer } = useSignal(status);
  const round = useSignal(proposals.round);
  const { task } = useProject();
  const { settings } = trainer;
  const isDefault = settings.strategy === 'auto' && settings.head === 'auto' && settings.combine === 'mean';
  // What is in force comes back with the next status.
  const change = async (patch: Partial<typeof settings>) => {
    const result = await bridge.call('queue.settings', { project, ...settings, ...patch });
    if (!result.ok) problems.failure(result.failure);
  };
  return (
    <section data-testid="queue-state">
      <h3>
        Queue <span className="muted">{stages[trainer.stage]}</span>
      </h3>
      <dl className="facts">
        <div>
          <dt>Last round</dt>
          <dd>
            {round ? `${rounds[round.stage]}, ${milliseconds(round.milliseconds)}, ${count(round.metrics.labelled)} labels` : 'none yet'}
          </dd>
        </div>
        <div>
          <dt>Head</dt>
          <dd>{round?.head ? headWords(round, round.head) : 'none yet'}</dd>
        </div>
        <div>
          <dt>
            <Term means="The backend of TensorFlow.js: what computes the large products">Computed by</Term>
          </dt>
          <dd>
            {trainer.backend === null ? 'not started' : (backends[trainer.backend] ?? trainer.backend)}
            {trainer.reason !== '' && <span className="muted"> ({trainer.reason})</span>}
          </dd>
        </div>
      </dl>
      <button className="button small" onClick={onSearch} data-testid="open-search">
        <Crosshair size={14} aria-hidden /> Find a finding…
      </button>
      <details className="queue-choices" open={!isDefault}>
        <summary data-testid="queue-choices">Strategy and head: {isDefault ? 'automatic' : 'chosen by you'}</summary>
        <label>
          <span>Strategy</span>
          <select
            value={settings.strategy}
            onChange={(event) => void change({ strategy: Strategy.parse(event.target.value) })}
            data-testid="strategy"
          >
            {Strategy.options.map((each) => (
              <option key={each} value={each}>
                {strategies[each].title}
              </option>
            ))}
          </select>
        </label>
        <p className="muted" data-testid="strategy-when">
          {strategies[settings.strategy].when}
        </p>
        <label>
          <span>Head</span>
          <select
            value={settings.head}
            onChange={(event) => void change({ head: HeadKind.parse(event.target.value) })}
            data-testid="head-kind"
          >
            {HeadKind.options.map((each) => (
              <option key={each} value={each}>
                {heads[each].title}
              </option>
            ))}
          </select>
        </label>
        <p className="muted">{heads[settings.head].when}</p>
        {task === 'multilabel' && (
          <>
            <label>
              <span>Uncertainty</span>
              <select
                value={settings.combine}
                onChange={(event) => void change({ combine: Combine.parse(event.target.value) })}
                data-testid="combine"
              >
                {Combine.options.map((each) => (
                  <option key={each} value={each}>
                    {combinations[each].title}
                  </option>
                ))}
              </select>
            </label>
            <p className="muted">{combinations[settings.combine].when}</p>
          </>
        )}
        <p className="muted">Kept with the project.</p>
      </details>
    </section>
  );
}
