import type { Task } from '../../contract/model';

export const taskName = (task: Task): string => (task === 'multiclass' ? 'one of several' : 'any of several');

export const tasks: readonly { readonly task: Task; readonly title: string; readonly about: string }[] = [
  {
    task: 'multiclass',
    title: 'One of several (multi-class)',
    about: 'Every image shows exactly one of the findings. One key answers and goes on.',
  },
  {
    task: 'multilabel',
    title: 'Any of several (multi-label)',
    about: 'Findings are independent: each is present, absent, unsure or not read.',
  },
];
