import { crc32 } from 'node:zlib';
import { z } from 'zod';
import { Action, SCHEMA } from '../../contract/model';
import { fail, type Failure } from '../../contract/result';

/** Longer lines are neither written nor read. 200,000 cells in one bulk action take about 110 MB. */
export const MAX_LINE = 256 * 1024 * 1024;

/** Where a line says under which schema it was written; a project said so before lines did. */
const Newer = z.object({ version: z.number().optional(), project: z.object({ schema: z.number() }).optional() });

const before = '{"crc32":"';
const between = '","action":';
const actionStart = before.length + 8 + between.length;

/**
 * A journal line with its newline: {"crc32":"xxxxxxxx","action":{"version":1,...}}, the CRC-32 over the bytes of the action's JSON. The version is
 * the schema that the action was written under; lines from before it was said have none and are of version 1.
 */
export function encodeLine(action: Action): Buffer {
  const json = Buffer.from(JSON.stringify({ version: SCHEMA, ...action }));
  return Buffer.concat([Buffer.from(`${before}${checksum(json)}${between}`), json, Buffer.from('}\n')]);
}

/** `whole`: the checksum matched, so the line is as it was written, and what is wrong with it is no torn write. */
export type Decoded =
  { readonly ok: true; readonly action: Action } | { readonly ok: false; readonly whole: boolean; readonly failure: Failure };

/** A line without its newline; `number` (from 1) is its place in the file, for the message. */
export function decodeLine(line: Buffer, number: number): Decoded {
  const damaged = (reason: string, whole = false, detail?: string): Decoded => ({
    ok: false,
    whole,
    failure: fail('journal-damaged', { line: number, reason }, detail).failure,
  });
  if (line.length <= actionStart || line.at(-1) !== 0x7d) return damaged('it is not a whole line');
  const head = line.toString('latin1', 0, actionStart);
  if (!head.startsWith(before) || !head.endsWith(between)) return damaged('it is not a line of a journal');
  const json = line.subarray(actionStart, -1);
  if (checksum(json) !== head.slice(before.length, before.length + 8)) return damaged('its checksum does not match');
  let raw: unknown;
  try {
    raw = JSON.parse(json.toString());
  } catch {
    return damaged('it is not JSON', true);
  }
  // Before anything else: what is new in a newer action would be dropped where the rest of it can be read.
  const found = Newer.safeParse(raw).data;
  if (found) {
    const newest = Math.max(found.version ?? 0, found.project?.schema ?? 0);
    if (newest > SCHEMA) return { ok: false, whole: true, failure: fail('project-newer', { found: newest, known: SCHEMA }).failure };
  }
  const action = Action.safeParse(raw);
  return action.success
    ? { ok: true, action: action.data }
    : damaged('it holds no action that this version knows', true, action.error.message);
}

export const checksum = (bytes: Uint8Array | string): string => crc32(bytes).toString(16).padStart(8, '0');
