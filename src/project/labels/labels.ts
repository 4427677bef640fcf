import type { CellRequest } from '../../contract/views';
import { cellOf, type ProjectState } from '../../contract/fold';
import type { CellChange, CellState, Id, Project, Use } from '../../contract/model';
import { fail, ok, type Result } from '../../contract/result';

/**
 * What an answer changes. In a multi-class project exactly one finding is present: `present` makes the others absent,
 * `unsure` and `none` hold for the image as a whole. Cells that stay as they are do not appear.
 */
export function changesFor(
  state: ProjectState,
  project: Project,
  annotator: Id,
  requests: readonly CellRequest[],
  context: { time: string; use: (image: Id) => Use },
): Result<CellChange[]> {
  const wanted = new Map<string, CellRequest>();
  const findings = new Set(project.findings.map(({ id }) => id));
  for (const request of requests) {
    if (!state.images.has(request.image)) return fail('image-unknown', { image: request.image });
    if (!findings.has(request.finding)) return fail('finding-unknown', { finding: request.finding });
    if (project.task === 'multilabel') wanted.set(`${request.image} ${request.finding}`, request);
  }
  if (project.task === 'multiclass') {
    const given = new Map(requests.map((request) => [`${request.image} ${request.finding}`, request]));
    for (const answer of wholeImageAnswers(requests)) {
      for (const { id } of project.findings) {
        const own = given.get(`${answer.image} ${id}`);
        const shown = own?.shown ?? (id === answer.finding ? answer.shown : null);
        wanted.set(`${answer.image} ${id}`, { ...answer, finding: id, state: stateOf(answer, id), shown });
      }
    }
  }
  const changes: CellChange[] = [];
  for (const request of wanted.values()) {
    const before = cellOf(state, annotator, request.image, request.finding);
    if ((before?.state ?? 'none') === request.state) continue;
    const after =
      request.state === 'none'
        ? null
        : {
            state: request.state,
            source: request.source,
            // Once drawn for the audit an image stays in it, however often its label is corrected.
            use: before?.use ?? context.use(request.image),
            shown: request.shown,
            head: request.head,
            time: context.time,
          };
    changes.push({ image: request.image, finding: request.finding, before, after });
  }
  return ok(changes);
}

/** One request an image: the one that says present, else unsure, else the last. */
function wholeImageAnswers(requests: readonly CellRequest[]): CellRequest[] {
  const weight: Record<CellState, number> = { present: 3, unsure: 2, none: 1, absent: 0 };
  const answers = new Map<Id, CellRequest>();
  for (const request of requests) {
    const known = answers.get(request.image);
    if (!known || weight[request.state] > weight[known.state]) answers.set(request.image, request);
  }
  // "Absent" alone says which class it is not; that is no answer in a multi-class project.
  return [...answers.values()].filter(({ state }) => state !== 'absent');
}

function stateOf(answer: CellRequest, finding: Id): CellState {
  if (answer.state !== 'present') return answer.state;
  return answer.finding === finding ? 'present' : 'absent';
}
