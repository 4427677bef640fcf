import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { EncoderCard } from '../contract/encoder-card';
import type { Head } from '../contract/head';
import { fail, ok, type Result } from '../contract/result';
import { serialiseModel, type Model } from '../onnx/model';
import { writeSafetensors } from '../onnx/safetensors';
import { hashFile } from './hash';
import { publish } from './publish';

/** An encoder on disk: model.onnx, encoder.json and, of a fine-tuned file, its head (head.json, head.safetensors). */
export interface EncoderFolder {
  readonly folder: string;
  readonly model: string;
  readonly card: EncoderCard;
}

/** Everything of a card but what the written model tells. */
export type CardDraft = Omit<EncoderCard, 'format' | 'version' | 'model'>;

const MODEL = 'model.onnx';
const CARD = 'encoder.json';

/** Opens an encoder folder; a model that is not the one of the card is refused, before a runtime could trip over it. */
export async function openEncoderFolder(folder: string): Promise<Result<EncoderFolder>> {
  let text: string;
  try {
    text = await readFile(join(folder, CARD), 'utf8');
  } catch (error) {
    return fail('encoder-missing', { encoder: folder }, String(error));
  }
  const corrupt = (reason: string, detail?: string) => fail('encoder-corrupt', { folder, reason }, detail);
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    return corrupt(`${CARD} is no JSON`, String(error));
  }
  const card = EncoderCard.safeParse(json);
  if (!card.success) return corrupt(`${CARD} is not valid`, card.error.message);
  const model = join(folder, MODEL);
  try {
    const expected = card.data.model;
    const { size } = await stat(model);
    if (expected && size !== expected.bytes) return corrupt(`${MODEL} has ${String(size)} bytes, expected ${String(expected.bytes)}`);
    if (expected && (await hashFile(model)) !== expected.sha256) return corrupt(`${MODEL} does not match its checksum`);
  } catch (error) {
    return corrupt(`${MODEL} cannot be read`, String(error));
  }
  return ok({ folder, model, card: card.data });
}

const json = (value: unknown) => new TextEncoder().encode(`${JSON.stringify(value, null, 2)}\n`);

/** Writes the folder, the card last, and reads it back. */
export async function writeEncoderFolder(
  folder: string,
  model: Model,
  draft: CardDraft,
  head: Head | null,
  overwrite: boolean,
): Promise<Result<EncoderFolder>> {
  const bytes = serialiseModel(model);
  const card: EncoderCard = {
    format: 'collimate-encoder',
    version: 1,
    ...draft,
    model: { bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') },
  };
  const files = [
    { name: MODEL, bytes },
    ...(head
      ? [
          { name: 'head.safetensors', bytes: writeSafetensors(head.tensors) },
          { name: 'head.json', bytes: json(head.file) },
        ]
      : []),
    { name: CARD, bytes: json(card) },
  ];
  const written = await publish(folder, files, overwrite);
  return written.ok ? openEncoderFolder(folder) : written;
}
