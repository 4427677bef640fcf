import type { z } from 'zod';
import type { NewFinding } from '../../contract/views';
import type { ProjectState } from '../../contract/fold';
import type { Id, Task } from '../../contract/model';
import { fail, ok, type Result } from '../../contract/result';

/** Findings have names and keys of their own; a multi-class project has at least two. */
export function checkFindings(task: Task, findings: readonly z.infer<typeof NewFinding>[]): Result<void> {
  const names = findings.map(({ name }) => name.trim().toLowerCase());
  const keys = findings.map(({ hotkey }) => hotkey.toLowerCase());
  if (findings.length === 0) return fail('project-invalid', { reason: 'it has no findings' });
  if (task === 'multiclass' && findings.length < 2) return fail('project-invalid', { reason: 'it needs at least two classes' });
  if (names.includes('') || new Set(names).size < names.length)
    return fail('project-invalid', { reason: 'two findings have the same name, or one has none' });
  if (new Set(keys).size < keys.length) return fail('project-invalid', { reason: 'two findings have the same key' });
  return ok();
}

/** Whether anybody's label hangs on the finding, also one that undo or redo would bring back. */
export function hasLabels({ annotators }: Pick<ProjectState, 'annotators'>, finding: Id): boolean {
  return [...annotators.values()].some(
    ({ cells, undo, redo }) =>
      [...cells.values()].some((own) => own.has(finding)) ||
      [...undo, ...redo].some((step) => step.cells.some((cell) => cell.finding === finding)),
  );
}
