import { FlaskConical, Keyboard, Plus, Settings } from 'lucide-react';
import { useEffect, useState } from 'react';
import type { ProjectSummary } from '../../contract/views';
import type { CommandId } from '../../contract/commands';
import type { Id } from '../../contract/model';
import type { Failure } from '../../contract/result';
import { useServices } from '../app/environment';
import type { Opening } from '../app/session';
import { count } from '../controls/figures';
import { FailureNote } from '../controls/FailureNote';
import { JobProgress } from '../controls/JobProgress';
import { RecentProject } from './RecentProject';
import './projects.css';

interface Props {
  readonly onCommand: (id: CommandId) => void;
  readonly onOpen: (project: Id) => void;
  /** A project is being opened. */
  readonly opening: boolean;
  /** How far its journal is read; null while main reads it. */
  readonly progress: Opening | null;
}

export function Welcome({ onCommand, onOpen, opening, progress }: Props) {
  const { bridge, problems } = useServices();
  const [projects, setProjects] = useState<readonly ProjectSummary[] | null>(null);
  const [failure, setFailure] = useState<Failure | null>(null);
  const [sampling, setSampling] = useState(false);

  useEffect(() => {
    let current = true;
    void bridge.call('projects.list', {}).then((result) => {
      if (!current) return;
      if (result.ok) setProjects([...result.value].sort((a, b) => b.opened.localeCompare(a.opened)));
      else setFailure(result.failure);
    });
    return () => {
      current = false;
    };
  }, [bridge]);

  const sample = async () => {
    setSampling(true);
    const result = await bridge.call('projects.sample', {});
    setSampling(false);
    if (result.ok) onOpen(result.value.id);
    else problems.failure(result.failure);
  };
  const remove = async (project: Id) => {
    const result = await bridge.call('projects.remove', { project });
    if (result.ok) setProjects((all) => all?.filter(({ id }) => id !== project) ?? null);
    else problems.failure(result.failure);
  };

  return (
    <main className="welcome" data-testid="welcome" aria-busy={opening}>
      <div className="welcome-column">
        <header className="welcome-head">
          <div>
            <h1>
              <Mark />
              Collimate
            </h1>
            <p className="muted">Label chest radiographs with a head that learns as you go. Nothing leaves this machine.</p>
          </div>
          <div className="row">
            <button className="icon-button" aria-label="Show the keys (?)" title="Show the keys (?)" onClick={() => onCommand('help.keys')}>
              <Keyboard size={16} aria-hidden />
            </button>
            <button
              className="icon-button"
              aria-label="Settings"
              title="Settings"
              onClick={() => onCommand('settings.open')}
              data-testid="command-settings.open"
            >
              <Settings size={16} aria-hidden />
            </button>
          </div>
        </header>

        <div className="welcome-start">
          <button
            className="start-card primary"
            onClick={() => onCommand('project.new')}
            disabled={sampling || opening}
            data-testid="new-project"
          >
            <Plus size={20} aria-hidden />
            <span>
              <strong>New project</strong>
              <span>Choose a folder of images and name the findings</span>
            </span>
          </button>
          <button className="start-card" onClick={() => void sample()} disabled={sampling || opening} data-testid="try-sample">
            <FlaskConical size={20} aria-hidden />
            <span>
              <strong>Try the sample</strong>
              <span>Synthetic phantoms, ready in a minute</span>
            </span>
          </button>
        </div>
        {opening && (
          <p role="status" data-testid="opening">
            {progress ? `Reading the labels: ${count(progress.done)} of ${count(progress.total)} entries…` : 'Opening the project…'}
          </p>
        )}
        {sampling && <JobProgress job="sample" title="Drawing the sample" />}

        <section aria-labelledby="recent">
          <h2 id="recent" className="section-title">
            Recent projects
          </h2>
          {failure && <FailureNote failure={failure} />}
          {projects?.length === 0 && (
            <p className="muted welcome-none">No projects yet. They appear here with the place of their labels.</p>
          )}
          <ul className="recent" data-testid="recent-projects">
            {projects?.map((project) => (
              <RecentProject
                key={project.id}
                project={project}
                disabled={opening || sampling}
                onOpen={onOpen}
                onRemove={(id) => void remove(id)}
              />
            ))}
          </ul>
        </section>
      </div>
      <footer className="welcome-foot">For research use only. Collimate is not a medical device and must not be used for diagnosis.</footer>
    </main>
  );
}

/** Four leaves that narrow a beam. */
function Mark() {
  return (
    <svg className="mark" viewBox="0 0 24 24" width="24" height="24" aria-hidden>
      <path d="M2 2h9v4H6v5H2zM13 2h9v9h-4V6h-5zM2 13h4v5h5v4H2zM18 13h4v9h-9v-4h5z" fill="currentColor" />
      <rect x="9" y="9" width="6" height="6" rx="1" className="mark-beam" />
    </svg>
  );
}
