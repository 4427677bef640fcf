import type { ProjectState } from '../../contract/fold';
import type { Action, Id, Project } from '../../contract/model';
import type { Result } from '../../contract/result';
import { ulid } from 'ulid';
import type { Draft, DraftFrom, Journal } from './journal';

/** The one writer of the open project's journal. What is recorded is on the disk before anybody hears of it. */
export class Recorder {
  readonly #journal: Journal;
  readonly #onRecorded: (action: Action) => void;
  readonly annotator: Id;
  #project: Project;

  constructor(journal: Journal, project: Project, annotator: Id, onRecorded: (action: Action) => void) {
    this.#journal = journal;
    this.#project = project;
    this.annotator = annotator;
    this.#onRecorded = onRecorded;
  }

  get project(): Project {
    return this.#project;
  }

  get state(): ProjectState {
    return this.#journal.state;
  }

  /** What every action begins with. */
  entry(time = new Date().toISOString()) {
    return { id: ulid(), annotator: this.annotator, time };
  }

  async append(action: Draft | DraftFrom): Promise<Result<Action>> {
    const done = await this.#journal.append(action);
    if (done.ok) this.#onRecorded(done.value);
    return done;
  }

  async saveProject(next: Project): Promise<Result<Action>> {
    const done = await this.append({ ...this.entry(), kind: 'project', project: next });
    if (done.ok) this.#project = next;
    return done;
  }
}
