import { Pause, Play, RefreshCw } from 'lucide-react';
import { sentence } from '../../contract/catalogue';
import type { Failure } from '../../contract/result';
import { useServices } from '../app/environment';
import { useSession } from '../app/session-context';
import { useSignal } from '../app/signal';
import { costOf, precisionName } from '../settings/precision';
import { Bar } from '../controls/Bar';
import { OtherFiles } from './OtherFiles';
import { count, counted, duration } from '../controls/figures';

const words = { waiting: 'Waiting', running: 'Running', paused: 'Paused', done: 'Done', failed: 'Stopped' } as const;

export function Embedding({ onRescan }: { readonly onRescan: () => void }) {
  const { bridge, problems } = useServices();
  const { id: project, status, failures } = useSession();
  const { embedding, scan, encoder } = useSignal(status);
  const failed = useSignal(failures);
  const pause = async (paused: boolean) => {
    const result = await bridge.call('embedding.pause', { project, paused });
    if (!result.ok) problems.failure(result.failure);
  };
  const retry = async () => {
    const result = await bridge.call('embedding.retry', { project });
    if (!result.ok) problems.failure(result.failure);
  };
  const { state, done, total, rate, secondsLeft } = embedding;
  return (
    <section>
      <h3>
        Embedding <span className="muted">{words[state]}</span>
        {(state === 'running' || state === 'paused') && (
          <button className="button small" onClick={() => void pause(state === 'running')} data-testid="pause-embedding">
            {state === 'running' ? <Pause size={14} aria-hidden /> : <Play size={14} aria-hidden />}
            {state === 'running' ? 'Pause' : 'Resume'}
          </button>
        )}
        {state !== 'running' && state !== 'paused' && (
          <button className="button small" onClick={onRescan} disabled={scan.state === 'running'} data-testid="rescan">
            <RefreshCw size={14} aria-hidden /> Scan again
          </button>
        )}
      </h3>
      <Bar fraction={total === 0 ? null : done / total} label="Images embedded" />
      <p className="figures">
        {count(done)} of {counted(total, 'image')}
        {rate !== null && `, ${rate.toFixed(rate < 10 ? 1 : 0)} a second`}
        {secondsLeft !== null && `, ${duration(secondsLeft)} left`}
        {scan.state === 'running' && `, ${count(scan.found)} found so far`}
      </p>
      {embedding.redrawn !== undefined && embedding.redrawn > 0 && (
        <p data-testid="redrawn">
          {counted(embedding.redrawn, 'image')} {embedding.redrawn === 1 ? 'is' : 'are'} shown otherwise than before: what the file says of
          its window, tables or bits did not fit the picture. {embedding.redrawn === 1 ? 'It was' : 'They were'} embedded again, and labels
          are as they were.
        </p>
      )}
      <OtherFiles total={scan.skipped} />
      {encoder && (
        <div className="muted embedding-encoder" data-testid="encoder-facts">
          <p>
            {encoder.name}
            {encoder.builtin ? ', the built-in baseline. EVA-X is the encoder to use.' : '.'}
          </p>
          <p>
            In {precisionName[encoder.precision]} on {provider(encoder.provider)}. {asSentence(encoder.reason)}
          </p>
          {costOf(encoder) && <p>{costOf(encoder)}</p>}
        </div>
      )}
      {failed.length > 0 && (
        <details className="failures" data-testid="failures">
          <summary>{counted(failed.length, 'file')} could not be read</summary>
          <button className="button small" onClick={() => void retry()} data-testid="retry-embedding">
            <RefreshCw size={14} aria-hidden /> Try them again
          </button>
          <ul>
            {failed.slice(0, 200).map(({ path, failure }) => (
              <li key={path}>
                <span className="path">{path}</span>
                <span className="muted">{aboutThisFile(failure)}</span>
              </li>
            ))}
            {failed.length > 200 && <li className="muted">and {count(failed.length - 200)} more</li>}
          </ul>
        </details>
      )}
    </section>
  );
}

/** Beside its path: the sentence need not name the file again. */
const aboutThisFile = (failure: Failure) =>
  sentence('file' in failure.params ? { ...failure, params: { ...failure.params, file: 'This file' } } : failure).replace(
    'at This file',
    'at this file',
  );

const names: Readonly<Record<string, string>> = {
  cpu: 'the processor',
  webgpu: 'WebGPU',
  cuda: 'CUDA',
  directml: 'DirectML',
  coreml: 'Core ML',
};
const provider = (name: string) => names[name] ?? name;

/** Reasons name providers as the runtime does. */
function asSentence(text: string): string {
  const trimmed = text.trim().replaceAll(/\b(cuda|webgpu|directml|coreml)\b/g, provider);
  if (trimmed === '') return '';
  const begun = trimmed.startsWith('int8') ? trimmed : `${trimmed.charAt(0).toUpperCase()}${trimmed.slice(1)}`;
  return /[.!?]$/.test(begun) ? begun : `${begun}.`;
}
