import { SCHEMA, type Id, type ImageRecord, type Project, type Task } from '../../../../src/contract/model';
import { fail, type Failure } from '../../../../src/contract/result';

/** ULIDs in counting order. */
export function id(n: number, kind = 'A'): Id {
  const digits = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
  let text = '';
  for (let rest = n; text.length < 12; rest = Math.floor(rest / 32)) text = (digits[rest % 32] ?? '0') + text;
  return `01${kind.repeat(12)}${text}`;
}

export const makeProject = (task: Task = 'multiclass', names: readonly string[] = ['Normal', 'Bacterial', 'Viral']): Project => ({
  id: id(1, 'P'),
  name: 'Pneumonia, ward study',
  schema: SCHEMA,
  roots: [{ id: id(1, 'R'), path: '/data/radiographs' }],
  task,
  findings: names.map((name, i) => ({
    id: id(i + 1, 'F'),
    name,
    hotkey: '123456789bcdejklmnostuvwyz'[i] ?? 'z',
    colour: ['#4aa3df', '#e69f00', '#2fb38a', '#d55e00', '#cc79a7', '#b8a800', '#7d8cf0'][i % 7] ?? '#4aa3df',
  })),
  encoder: 'builtin',
  seed: 1,
  audit: { share: 0.15, from: 30 },
  annotators: [{ id: id(1, 'N'), name: 'Annotator' }],
  created: '2026-11-20T08:00:00.000Z',
});

export const makeImage = (n: number, path = `ward/${String(n).padStart(6, '0')}.png`): ImageRecord => ({
  id: id(n, 'G'),
  root: id(1, 'R'),
  path,
  frame: null,
  bytes: 1000,
  mtime: 0,
  sha256: null,
  width: 512,
  height: 512,
  patient: null,
  study: null,
  view: null,
});

export const failing = (code: Failure['code'], params: Failure['params'] = {}): Failure => {
  const { failure } = fail(code, params, 'detail of the failure');
  return failure;
};
