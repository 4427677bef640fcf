import type { Head, HeadFile } from '../../contract/head';
import { headLists, numbered } from '../../contract/head-lists';
import type { Task } from '../../contract/model';
import { fail, ok, unwrap, type Result } from '../../contract/result';
import { headId } from '../../contract/head-identity';
import type { Checkpoint } from '../checkpoint/checkpoint';
import type { Layout } from './layout';

export interface HeadChoice {
  /** In the order of the head's rows; numbered where absent, since no file says them. */
  readonly findings?: readonly string[] | undefined;
  /** As `likelyTask` says, where absent. */
  readonly task?: Task | undefined;
}

/** What a head with so many outputs is most often trained for: the lists of findings have as many as one of `headLists`. */
export const likelyTask = (classes: number): Task =>
  classes === 1 || Object.values(headLists).some(({ findings }) => findings.length === classes) ? 'multilabel' : 'multiclass';

/**
 * The classification head of a fine-tuned file as a ready head of the project, so that there are proposals before any label; null where
 * the file has none. It has not been calibrated on anything. Failures: wrong-use, checkpoint-corrupt.
 */
export async function readyHead(
  checkpoint: Checkpoint,
  layout: Layout,
  encoder: { readonly id: string; readonly name: string },
  choice: HeadChoice,
): Promise<Result<Head | null>> {
  const { head, width: d } = layout;
  if (head === null) return ok(null);
  const { classes, name } = head;
  if (choice.findings && choice.findings.length !== classes) {
    return fail('wrong-use', {
      reason: `The head of ${checkpoint.file} has ${String(classes)} findings, ${String(choice.findings.length)} were named`,
    });
  }
  if (choice.findings && new Set(choice.findings.map((name) => name.trim().toLowerCase())).size < choice.findings.length) {
    return fail('wrong-use', { reason: 'Two of the findings have the same name' });
  }
  const findings = choice.findings ?? numbered(classes);
  const task = choice.task ?? likelyTask(classes);
  const numbers = { weight: unwrap(await checkpoint.read(`${name}.weight`)), bias: unwrap(await checkpoint.read(`${name}.bias`)) };
  if (!numbers.weight.every(Number.isFinite) || !numbers.bias.every(Number.isFinite)) {
    return fail('checkpoint-corrupt', { file: checkpoint.file, reason: 'its head holds values that are not numbers' });
  }
  const filled = (n: number, value: number) => ({ shape: [n], data: new Float32Array(n).fill(value) });
  const tensors: Head['tensors'] = {
    'scaling.mean': filled(d, 0),
    'scaling.scale': filled(d, 1),
    weight: { shape: [classes, d], data: numbers.weight },
    bias: { shape: [classes], data: numbers.bias },
    'calibration.slope': filled(classes, 1),
    'calibration.offset': filled(classes, 0),
  };
  const file: Omit<HeadFile, 'id'> = {
    format: 'collimate-head',
    version: 1,
    kind: 'logistic',
    task,
    findings: findings.map((name) => name.trim()),
    encoder: { ...encoder, d },
    projection: null,
    calibration: { method: 'none', perFinding: findings.map(() => 'none') },
    // Nothing is known of the labels that it was trained on.
    prior: { source: 'labels', values: findings.map(() => 0.5), n: 0 },
    regularisation: null,
    seed: 0,
    labels: { hash: '', count: 0, perFinding: findings.map(() => ({ present: 0, absent: 0 })) },
    // The same checkpoint gives the same bytes, whenever it is read.
    created: '1970-01-01T00:00:00.000Z',
  };
  return ok({ file: { ...file, id: await headId(file, tensors) }, tensors });
}
