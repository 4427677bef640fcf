import { join } from 'node:path';
import { z } from 'zod';
import { HeadFile, type Tensor } from '../contract/head';
import { TunedHead } from '../contract/jobs/trainer';
import { Id } from '../contract/model';
import { ok, type Result } from '../contract/result';
import { headFault } from '../head-files/head-folder';
import { readSafetensors, writeSafetensors } from '../onnx/safetensors';
import { writeAtomically } from '../files/atomic';
import { systemCode, writeFailure } from '../files/failures';
import { sha256 } from '../files/hash';
import { readBounded, TooLarge } from '../files/look';

/**
 * projects/<id>/tuned-head: three parts, each but the last a line. A header with the SHA-256 of what follows it; a description; safetensors: the
 * head's own tensors under `head.`, what it says of the pool under `pool.`. A cache: without it the linear head proposes.
 */
const NAME = 'tuned-head';
const Header = z.object({ format: z.literal('collimate-tuned-head'), version: z.literal(1), sha256: z.string() });
const Description = z.object({
  file: HeadFile,
  learnt: TunedHead.shape.learnt,
  pool: TunedHead.shape.pool,
  /** The project's findings in column order: names may change. */
  findings: z.array(Id),
  /** The journal's last action when it was made: a journal that is shorter is of another history. */
  seq: z.int().nonnegative(),
});

/** Far above any head and what it says of a million images. */
const MAX_BYTES = 512 * 1024 * 1024;

/** What of the project has to be as it was. */
export interface TunedFor {
  readonly findings: readonly Id[];
  readonly seq: number;
}

/** Replaces the one that was there, or leaves it as it is. */
export async function writeTunedHead(folder: string, tuned: TunedHead, { findings, seq }: TunedFor): Promise<Result<void>> {
  const { file, learnt, pool, rows, held, logits } = tuned;
  const description: z.infer<typeof Description> = { file, learnt, pool, findings: [...findings], seq };
  const flat = (data: Float32Array): Tensor => ({ shape: [data.length], data });
  const own = Object.entries(tuned.tensors).map(([name, tensor]) => [`head.${name}`, tensor] as const);
  // Rows as float32: exact up to 16 million.
  const said = { 'pool.rows': flat(Float32Array.from(rows)), 'pool.held': flat(held), 'pool.logits': flat(logits) };
  const body = Buffer.concat([Buffer.from(`${JSON.stringify(description)}\n`), writeSafetensors({ ...Object.fromEntries(own), ...said })]);
  const header: z.infer<typeof Header> = { format: 'collimate-tuned-head', version: 1, sha256: sha256(body) };
  const target = join(folder, NAME);
  try {
    await writeAtomically(target, Buffer.concat([Buffer.from(`${JSON.stringify(header)}\n`), body]));
    return ok();
  } catch (error) {
    return writeFailure(error, target, folder);
  }
}

/** The head that was kept, if it is whole and of these findings; whether it is of this encoder and these images `misfit` tells. */
export async function readTunedHead(folder: string, { findings, seq }: TunedFor, note: (text: string) => void): Promise<TunedHead | null> {
  const not = (reason: string) => {
    note(`the fine-tuned head that was kept is not used: ${reason}`);
    return null;
  };
  const bytes = await read(join(folder, NAME));
  if (bytes === null) return null;
  if (typeof bytes === 'string') return not(bytes);
  const [first, body] = lineOf(bytes);
  const header = Header.safeParse(parsed(first));
  if (!header.success || header.data.sha256 !== sha256(body)) return not('its file is damaged');
  const [second, packed] = lineOf(body);
  const description = Description.safeParse(parsed(second));
  const tensors = readSafetensors(packed, folder);
  if (!description.success || !tensors.ok) return not('its file is of another version');
  const { file, learnt, pool } = description.data;
  if (description.data.findings.join() !== findings.join()) return not('the project has other findings now');
  if (description.data.seq > seq) return not('the journal is not the one that it learnt from');
  const own = Object.entries(tensors.value).flatMap(([name, tensor]) =>
    name.startsWith('head.') ? [[name.slice(5), tensor] as const] : [],
  );
  const fault = await headFault({ file, tensors: Object.fromEntries(own) });
  if (fault !== null) return not(fault);
  const said = (name: string) => tensors.value[`pool.${name}`]?.data ?? new Float32Array();
  const [rows, held, logits] = [said('rows'), said('held'), said('logits')].map((data) => Float32Array.from(data)) as [
    Float32Array<ArrayBuffer>,
    Float32Array<ArrayBuffer>,
    Float32Array<ArrayBuffer>,
  ];
  if (![rows, held, logits].every((data) => data.every(Number.isFinite))) return not('it holds values that are no numbers');
  return { file, tensors: Object.fromEntries(own), learnt, pool, rows: Int32Array.from(rows), held, logits };
}

/** The first line, and what follows it. */
function lineOf(bytes: Buffer): [string, Buffer] {
  const cut = bytes.indexOf(0x0a);
  return cut < 0 ? ['', bytes] : [bytes.toString('utf8', 0, cut), bytes.subarray(cut + 1)];
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}

/** Null: there is none. A string: why it cannot be read. */
const read = (file: string): Promise<Buffer | string | null> =>
  readBounded(file, MAX_BYTES).catch((error: unknown) => {
    if (error instanceof TooLarge) return 'it is too large, or no file';
    return systemCode(error) === 'ENOENT' ? null : 'its file cannot be read';
  });
