import type { SnapshotBase } from './jobs/trainer';
import { uniformOf } from './reserve';

/** The audit's reserve as rows of the pool. */
export interface Reserve {
  /** Patients of whom any image is reserved: they are kept out whole. */
  readonly groups: ReadonlySet<number>;
  /** One row for each of them, in the order in which they are asked. */
  readonly draws: readonly number[];
}

const nobody: Reserve = { groups: new Set(), draws: [] };
const known = new WeakMap<Uint8Array, { readonly base: SnapshotBase; readonly reserve: Reserve }>();

/** A function of the pool and the seed alone: no answer, ranking or setting moves a draw. */
export function reserveOf(base: SnapshotBase): Reserve {
  if (!base.reserved) return nobody;
  const last = known.get(base.reserved);
  if (last && last.base.embeddings === base.embeddings && last.base.groups === base.groups && last.base.seed === base.seed)
    return last.reserve;
  const reserve = drawReserve(base, base.reserved);
  known.set(base.reserved, { base, reserve });
  return reserve;
}

interface Drawn {
  least: string;
  row: number;
  lowest: number;
}

/**
 * Of a patient the image with the lowest number, drawn from its name. Patients stand in the order of a number of their own, drawn from the least of
 * their names: by their images' lowest number those with many images would be asked first, and the first audits would not be a fair sample.
 */
function drawReserve({ embeddings, groups, seed }: SnapshotBase, reserved: Uint8Array): Reserve {
  const drawn = new Map<number, Drawn>();
  reserved.forEach((one, row) => {
    const group = groups[row];
    if (one === 1 && group !== undefined) drawn.set(group, { least: '', row: -1, lowest: Infinity });
  });
  embeddings.forEach((name, row) => {
    const patient = drawn.get(groups[row] as number);
    if (!patient) return;
    const number = uniformOf(seed, name);
    if (patient.row < 0 || name < patient.least) patient.least = name;
    if (patient.row < 0 || number < patient.lowest || (number === patient.lowest && name < (embeddings[patient.row] as string)))
      Object.assign(patient, { row, lowest: number });
  });
  const order = [...drawn.values()].map(({ least, row }) => ({ least, row, at: uniformOf(seed, `audit of ${least}`) }));
  order.sort((a, b) => a.at - b.at || (a.least < b.least ? -1 : 1));
  return { groups: new Set(drawn.keys()), draws: order.map(({ row }) => row) };
}
