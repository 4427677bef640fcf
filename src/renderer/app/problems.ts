import { explain } from '../../contract/catalogue';
import type { Failure } from '../../contract/result';
import { Signal } from './signal';

export interface ProblemAction {
  readonly title: string;
  readonly run: () => void;
}

/** Something that went wrong or needs saying, as the person sees it. */
export interface Problem {
  readonly id: number;
  readonly tone: 'error' | 'note';
  readonly what: string;
  readonly next: string;
  /** For "Copy details"; empty where there is nothing more to say. */
  readonly details: string;
  readonly actions: readonly ProblemAction[];
}

const LIMIT = 4;

export class Problems {
  readonly shown = new Signal<readonly Problem[]>([]);
  #next = 1;

  /** A failure becomes a sentence here and nowhere else. `context` says what was being done. */
  failure(failure: Failure, context: { readonly title?: string; readonly actions?: readonly ProblemAction[] } = {}): void {
    // The person asked for it: nothing to report.
    if (failure.code === 'stopped') return;
    const { what, next } = explain(failure);
    this.#add({
      tone: 'error',
      what: context.title === undefined ? what : `${context.title} ${what}`,
      next,
      details: details(failure, context.title),
      actions: context.actions ?? [],
    });
  }

  /** Something unexpected: a mistake of ours. */
  bug(message: string, detail: string): void {
    const { what, next } = explain({ code: 'internal', params: { reason: message.replace(/\.$/, '') } });
    this.#add({ tone: 'error', what, next, details: `${message}\n${detail}`, actions: [] });
  }

  note(what: string, actions: readonly ProblemAction[] = []): void {
    const problem = this.#add({ tone: 'note', what, next: '', details: '', actions });
    setTimeout(() => this.dismiss(problem.id), 6000);
  }

  dismiss(id: number): void {
    this.shown.update((all) => all.filter((problem) => problem.id !== id));
  }

  #add(problem: Omit<Problem, 'id'>): Problem {
    const added = { ...problem, id: this.#next++ };
    // The same sentence twice says no more than once.
    this.shown.update((all) => [...all.filter(({ what }) => what !== added.what), added].slice(-LIMIT));
    return added;
  }
}

const details = (failure: Failure, title?: string) =>
  [title, failure.code, JSON.stringify(failure.params), failure.detail].filter((line) => line !== undefined).join('\n');
