import type { CellRequest } from '../../contract/views';
import { cellOf, type ProjectState } from '../../contract/fold';
import type { CellChange, CellState, CellValue, Id, Project, Use } from '../../contract/model';
import { fail, ok, type Result } from '../../contract/result';

/**
 * What an answer changes. What it is for, and whether it was asked blind, is what the screen said; where none did (an import), `use` says it. In a multi-class project exactly one finding is present: `present` makes the others absent,
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
    // The same answer given blind is another one: it is the audit's.
    const blindAnew = request.blind === true && before?.blind !== true;
    if ((before?.state ?? 'none') === request.state && !(before && blindAnew)) continue;
    const after = request.state === 'none' ? null : valueOf(request, before, context);
    changes.push({ image: request.image, finding: request.finding, before, after });
  }
  return ok(changes);
}

function valueOf(
  { image, state, source, shown, head, use, blind, by }: CellRequest,
  before: CellValue | null,
  context: { time: string; use: (image: Id) => Use },
): CellValue {
  return {
    state,
    source,
    // Once kept out of training a label stays out, however often it is corrected.
    use: before?.use === 'audit' ? 'audit' : (use ?? context.use(image)),
    shown,
    head,
    time: context.time,
    ...(blind ? { blind } : {}),
    ...(by ? { by } : {}),
  };
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
