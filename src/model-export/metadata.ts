import { z } from 'zod';
import { Preprocessing, type EncoderCard } from '../contract/encoder-card';
import type { HeadFile } from '../contract/head';
import { Task } from '../contract/model';
import { fail, ok, type Result } from '../contract/result';

/** What an exported model says of itself in its ONNX metadata; every value is text, lists and objects as JSON. */
export interface ExportInfo {
  readonly preprocessing: Preprocessing;
  readonly findings: readonly string[];
  readonly task: Task;
  readonly encoder: string;
  readonly head: string;
  readonly licence: string;
}

export const infoOf = (card: EncoderCard, head: HeadFile): ExportInfo => ({
  preprocessing: card.preprocessing,
  findings: head.findings,
  task: head.task,
  encoder: card.id,
  head: head.id,
  licence: card.licence,
});

export const metadataOf = (info: ExportInfo): Record<string, string> => ({
  preprocessing: JSON.stringify(info.preprocessing),
  findings: JSON.stringify(info.findings),
  task: info.task,
  encoder: info.encoder,
  head: info.head,
  licence: info.licence,
});

const json = z.string().transform((text, context): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    context.addIssue({ code: 'custom', message: 'no JSON' });
    return z.NEVER;
  }
});
const Metadata = z.object({
  preprocessing: json.pipe(Preprocessing),
  findings: json.pipe(z.array(z.string()).min(1)),
  task: Task,
  encoder: z.string(),
  head: z.string(),
  licence: z.string(),
});

/** `folder` serves the sentence of the failure (`encoder-corrupt`). */
export function readInfo(metadata: Readonly<Record<string, string>>, folder: string): Result<ExportInfo> {
  const parsed = Metadata.safeParse(metadata);
  return parsed.success
    ? ok(parsed.data)
    : fail('encoder-corrupt', { folder, reason: 'it does not say how its images are prepared' }, parsed.error.message);
}
