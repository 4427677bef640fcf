import type { z } from 'zod';
import type { NewFinding } from '../../contract/views';
import { annotatorState, type ProjectState } from '../../contract/fold';
import type { CellChange, Id, Project, QueueRule } from '../../contract/model';
import { askedBlind, isReserved } from '../../contract/reserve';
import { fail, ok, type Result } from '../../contract/result';
import { ulid } from 'ulid';
import { checkFindings, hasLabels } from '../../project/labels/findings';
import type { Recorder } from '../../project/journal/recorder';
import type { Training } from './training';

/** What is looked for in the open project, and by which rule of the queue. */
export class Rules {
  readonly #record: Recorder;
  readonly #training: Pick<Training, 'rebuild' | 'configure'>;

  constructor(record: Recorder, training: Pick<Training, 'rebuild' | 'configure'>) {
    this.#record = record;
    this.#training = training;
  }

  /** New names, colours and keys; a finding without an id is new. */
  async changeFindings(findings: readonly (z.infer<typeof NewFinding> & { id: Id | null })[]): Promise<Result<Project>> {
    const kept = new Set(findings.flatMap(({ id }) => id ?? []));
    const out = this.#record.project.findings.filter(({ id }) => !kept.has(id));
    const labelled = out.find(({ id }) => hasLabels(this.#record.state, id));
    if (labelled) {
      const reason = `"${labelled.name}" has labels, or had some that undo can bring back, and is not taken out; rename it instead`;
      return fail('project-invalid', { reason });
    }
    const checked = checkFindings(this.#record.project.task, findings);
    if (!checked.ok) return checked;
    const next = {
      ...this.#record.project,
      findings: findings.map(({ id, ...rest }) => ({
        ...this.#record.project.findings.find((finding) => finding.id === id),
        ...rest,
        id: id ?? ulid(),
        name: rest.name.trim(),
      })),
      // A search for what is taken out is over.
      ...(out.some(({ id }) => id === this.#record.project.queue?.search?.finding)
        ? { queue: { ...this.#rule(), strategy: 'auto', search: null } }
        : {}),
    };
    const done = await this.#record.saveProject(next);
    if (!done.ok) return done;
    this.#training.rebuild();
    return ok(next);
  }

  /** Strategy and head, kept with the project; a search goes on only with its own strategy. */
  async setQueue(chosen: Omit<QueueRule, 'search'>): Promise<Result<void>> {
    const search = chosen.strategy === 'rare' ? (this.#record.project.queue?.search ?? null) : null;
    return this.#changeQueue({ ...chosen, search });
  }

  /**
   * Another share of the patients is reserved for the audit, or none from now on (`open`). Opened, labels that were given to reserved images without
   * being asked blind are trained on; what was asked blind stays out.
   */
  async setAudit(share: number | undefined, open: boolean): Promise<Result<Project>> {
    const { project, annotator, state } = this.#record;
    const { opened, ...before } = project.audit;
    const freed = open && opened === undefined ? freedCells(state, project, annotator) : [];
    const audit = { ...before, ...(share === undefined ? {} : { share }), ...(open ? { opened: opened ?? now() } : {}) };
    const next = { ...project, audit };
    const done = await this.#record.saveProject(next);
    if (!done.ok) return done;
    if (freed.length > 0) {
      const written = await this.#record.append({ ...this.#record.entry(), kind: 'cells', cells: freed });
      if (!written.ok) return written;
    }
    this.#training.rebuild();
    return ok(next);
  }

  async startSearch(finding: Id, seeds: readonly Id[]): Promise<Result<void>> {
    if (!this.#record.project.findings.some(({ id }) => id === finding)) return fail('finding-unknown', { finding });
    return this.#changeQueue({
      ...this.#rule(),
      strategy: 'rare',
      search: { finding, seeds: [...seeds], started: now() },
    });
  }

  async stopSearch(): Promise<Result<void>> {
    return this.#changeQueue({ ...this.#rule(), strategy: 'auto', search: null });
  }

  #rule(): QueueRule {
    return this.#record.project.queue ?? { strategy: 'auto', head: 'auto', combine: 'mean', search: null };
  }

  async #changeQueue(queue: QueueRule): Promise<Result<void>> {
    const done = await this.#record.saveProject({ ...this.#record.project, queue });
    if (!done.ok) return done;
    this.#training.configure();
    return ok();
  }
}

const now = () => new Date().toISOString();

/** Labels of the reserve that were not asked blind, as they are once it is opened. */
function freedCells(state: ProjectState, project: Project, annotator: Id): CellChange[] {
  return [...annotatorState(state, annotator).cells].flatMap(([image, cells]) => {
    const record = state.images.get(image);
    if (!record || !isReserved(record, project) || askedBlind(cells)) return [];
    return [...cells].map(([finding, before]) => ({ image, finding, before, after: { ...before, use: 'train' as const } }));
  });
}
