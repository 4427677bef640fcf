import { join } from 'node:path';
import { HeadFile, type Head } from '../contract/head';
import { fail, ok, type Result } from '../contract/result';
import { readBounded } from '../files/look';
import type { NewFile } from '../files/publish';
import { readSafetensors, writeSafetensors } from '../onnx/safetensors';
import { headId } from '../contract/head-identity';
import { blockShapes } from '../contract/block-shapes';

const FILE = 'head.json';
const TENSORS = 'head.safetensors';
/** Far above any head on frozen embeddings. */
const MAX_TENSORS = 512 * 1024 * 1024;
const MAX_FILE = 16 * 1024 * 1024;

/** HEAD_DIR: the description last, so that it never stands beside tensors of another head. */
export const headFiles = (folder: string, head: Head): NewFile[] => [
  { file: join(folder, TENSORS), content: writeSafetensors(head.tensors) },
  { file: join(folder, FILE), content: `${JSON.stringify(head.file, null, 2)}\n` },
];

/** Reads HEAD_DIR and checks that the tensors fit the description, and the id both. Fails: head-invalid. */
export async function readHead(folder: string): Promise<Result<Head>> {
  const bad = (reason: string, detail?: string) => fail('head-invalid', { folder, reason }, detail);
  const description = await readBounded(join(folder, FILE), MAX_FILE).catch(() => null);
  if (!description) return bad(`${FILE} cannot be read`);
  let json: unknown;
  try {
    json = JSON.parse(description.toString());
  } catch {
    return bad(`${FILE} is not JSON`);
  }
  const file = HeadFile.safeParse(json);
  if (!file.success) return bad(`${FILE} describes no head`, file.error.message);
  const bytes = await readBounded(join(folder, TENSORS), MAX_TENSORS).catch(() => null);
  if (!bytes) return bad(`${TENSORS} cannot be read`);
  const tensors = readSafetensors(bytes, folder);
  if (!tensors.ok) return tensors;
  const head: Head = { file: file.data, tensors: tensors.value };
  const fault = await headFault(head);
  return fault === null ? ok(head) : bad(fault);
}

/** What does not fit between a head's description and its tensors; null where all does. */
export async function headFault(head: Head): Promise<string | null> {
  const wrong = wrongShape(head);
  if (wrong !== null) return wrong;
  return (await headId(head.file, head.tensors)) === head.file.id ? null : 'its files do not belong together';
}

function wrongShape({ file, tensors }: Head): string | null {
  const [k, d] = [file.findings.length, file.encoder.d];
  const m = file.projection?.components ?? d;
  const expected: Record<string, readonly number[]> = {
    'scaling.mean': [d],
    'scaling.scale': [d],
    ...(file.projection ? { projection: [d, m] } : {}),
    weight: [k, m],
    bias: [k],
    ...(file.ready ? { 'ready.weight': [k, d], 'ready.bias': [k] } : {}),
    ...(file.kind === 'block' ? blockShapes(d, tensors) : {}),
    ...(file.kind === 'attentive' ? { 'attention.query': [k, d], 'norm.gain': [d], 'norm.bias': [d] } : {}),
    'calibration.slope': [k],
    'calibration.offset': [k],
  };
  if (file.ready && file.ready.findings.length !== k) return 'its ready head is for other findings';
  for (const [name, shape] of Object.entries(expected)) {
    const found = tensors[name];
    if (!found) return `the tensor ${name} is missing`;
    if (found.shape.join() !== shape.join())
      return `the tensor ${name} has shape [${found.shape.join(', ')}], expected [${shape.join(', ')}]`;
    if (!found.data.every(Number.isFinite)) return `the tensor ${name} holds values that are no numbers`;
  }
  return null;
}
