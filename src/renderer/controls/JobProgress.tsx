import { useServices } from '../app/environment';
import { useProgress, type Progress } from '../app/use-progress';
import { Bar } from './Bar';
import { count, duration } from './figures';

/** A long job that the person started: how far it is, and the way to stop it. */
export function JobProgress({ job, title }: { readonly job: Progress['job']; readonly title: string }) {
  const { bridge, problems } = useServices();
  const progress = useProgress(job);
  const stop = async () => {
    const result = await bridge.call('jobs.stop', { job });
    if (!result.ok) problems.failure(result.failure);
  };
  return (
    <div className="job" data-testid={`job-${job}`}>
      <div className="job-line">
        <span>{progress?.what || title}</span>
        <span className="muted">{progress ? far(progress) : ''}</span>
      </div>
      <div className="job-line">
        <Bar fraction={progress && progress.total > 0 ? progress.done / progress.total : null} label={title} />
        <button className="button small" onClick={() => void stop()} data-testid={`stop-${job}`}>
          Stop
        </button>
      </div>
    </div>
  );
}

function far({ done, total, secondsLeft }: Progress): string {
  if (secondsLeft === null) return 'measuring the time';
  if (secondsLeft !== undefined) return `at most ${duration(secondsLeft)} left`;
  return total > 0 ? `${count(done)} of ${count(total)}` : '';
}
