import type { Finding, Id, Task } from '../../contract/model';
import { percent } from '../controls/figures';
import { LIKELY, likeliest, type Answer, type Probabilities, type Rule } from '../labels/answers';

/** Names are spelt out on the button as long as they fit on it; else it says how many. */
const FITS = 22;

/** What Enter will write, in the words of its button; `room`: letters for the names of each state. */
export function accepting(task: Task, findings: readonly Finding[], ghosts: readonly Answer[], room = FITS): string {
  const names = (state: Answer['state']) =>
    findings.flatMap(({ id, name }) => (ghosts.some((ghost) => ghost.finding === id && ghost.state === state) ? [name] : []));
  if (task === 'multiclass') return `Accept ${names('present').join(', ')}`;
  const groups = (['present', 'absent'] as const).map((state) => ({ state, of: names(state) })).filter(({ of }) => of.length > 0);
  const said = groups.map(({ state, of }) => {
    const all = of.join(', ');
    return `${all.length * groups.length <= room ? all : String(of.length)} ${state}`;
  });
  return `Accept ${said.join(', ')}`;
}

/** Why Enter accepts nothing of an image that the model has an opinion of. */
export function nothingProposed(
  task: Task,
  findings: readonly Finding[],
  probabilities: Probabilities,
  ruleOf: (finding: Id) => Rule | null,
): string {
  const rules = findings.map(({ id }) => ruleOf(id));
  if (!rules.some((rule) => rule?.skill))
    return 'Too few labels yet to tell whether they are right, so Enter accepts nothing: answer by key.';
  if (task === 'multilabel') return 'None of them is sure enough for Enter: answer by key.';
  const best = likeliest(findings, probabilities);
  return best && best.probability < LIKELY
    ? `None reaches ${percent(LIKELY)}, so Enter accepts nothing: answer by key.`
    : 'One of the two likeliest has too few labels yet, so Enter accepts nothing: answer by key.';
}
