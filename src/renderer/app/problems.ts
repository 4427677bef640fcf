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
  /** How often it was said. */
  readonly times: number;
  /** Stays, whatever else is said, until its cause is gone or the person puts it away. */
  readonly standing: { readonly name: string; readonly dismissed: () => void } | null;
}

/** What stands is not counted: it must not be pushed away. */
const LIMIT = 3;

export class Problems {
  readonly shown = new Signal<readonly Problem[]>([]);
  /** Where the view in front has room for messages; null: they float at the top right. */
  readonly place = new Signal<HTMLElement | null>(null);
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

  /** One message for something that holds on; the newest words of the same name take the place of the older. */
  stand(
    name: string,
    failure: Failure,
    said: { readonly title: string; readonly next: string; readonly actions: readonly ProblemAction[] },
    dismissed: () => void,
  ): void {
    const { what, next } = explain(failure);
    const known = this.shown.get().find(({ standing }) => standing?.name === name);
    const problem: Problem = {
      id: known?.id ?? this.#next++,
      tone: 'error',
      what: `${said.title} ${what}`,
      next: [next, said.next].filter((part) => part !== '').join(' '),
      details: details(failure, said.title),
      actions: said.actions,
      times: 1,
      standing: { name, dismissed },
    };
    this.shown.update((all) => (known ? all.map((each) => (each === known ? problem : each)) : [problem, ...all]));
  }

  /** Stays until the person puts it away; the newest words of the same name take the place of the older. */
  notice(name: string, what: string, next: string): void {
    this.withdraw(name);
    const notice: Problem = {
      id: this.#next++,
      tone: 'note',
      what,
      next,
      details: '',
      actions: [],
      times: 1,
      standing: { name, dismissed: () => undefined },
    };
    this.shown.update((all) => [notice, ...all]);
  }

  /** Its cause is gone. */
  withdraw(name: string): void {
    this.shown.update((all) => all.filter(({ standing }) => standing?.name !== name));
  }

  dismiss(id: number): void {
    const found = this.shown.get().find((problem) => problem.id === id);
    this.shown.update((all) => all.filter((problem) => problem.id !== id));
    found?.standing?.dismissed();
  }

  #add(problem: Omit<Problem, 'id' | 'times' | 'standing'>): Problem {
    const all = this.shown.get();
    const standing = all.filter((each) => each.standing !== null);
    const passing = all.filter((each) => each.standing === null);
    // The same sentence twice says no more than once.
    const times = 1 + (passing.find(({ what }) => what === problem.what)?.times ?? 0);
    const added: Problem = { ...problem, id: this.#next++, times, standing: null };
    this.shown.set([...standing, ...[...passing.filter(({ what }) => what !== added.what), added].slice(-LIMIT)]);
    return added;
  }
}

const details = (failure: Failure, title?: string) =>
  [title, failure.code, JSON.stringify(failure.params), failure.detail].filter((line) => line !== undefined).join('\n');
