import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { currentId } from '../contract/encoder-identity';
import { EncoderCard } from '../contract/encoder-card';
import type { Head } from '../contract/head';
import { fail, ok, type Result } from '../contract/result';
import { serialiseModel, type Model } from '../onnx/model';
import { writeSafetensors } from '../onnx/safetensors';
import { hashFile, sha256 } from '../files/hash';
import { publish } from '../files/publish';

/** An encoder on disk: model.onnx, encoder.json and, of a fine-tuned file, its head (head.json, head.safetensors). */
export interface EncoderFolder {
  readonly folder: string;
  readonly model: string;
  /** The model that gives tokens and block inputs as well; null where the encoder has none. */
  readonly tokensModel: string | null;
  readonly card: EncoderCard;
}

/** Everything of a card but what the written model tells. */
export type CardDraft = Omit<EncoderCard, 'format' | 'version' | 'model' | 'tokensModel'>;

const MODEL = 'model.onnx';
const TOKENS_MODEL = 'model.tokens.onnx';
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
  const { model, tokensModel, outputs } = card.data;
  const found = (await checkFile(folder, MODEL, model)) ?? (tokensModel ? await checkFile(folder, TOKENS_MODEL, tokensModel) : null);
  if (found) return found;
  const file = join(folder, MODEL);
  const states = tokensModel ? join(folder, TOKENS_MODEL) : outputs.tokens || outputs.blockInput ? file : null;
  return ok({ folder, model: file, tokensModel: states, card: { ...card.data, id: currentId(card.data.id) } });
}

async function checkFile(folder: string, name: string, expected: EncoderCard['model']) {
  const corrupt = (reason: string, detail?: string) => fail('encoder-corrupt', { folder, reason }, detail);
  const file = join(folder, name);
  try {
    const { size } = await stat(file);
    if (expected && size !== expected.bytes) return corrupt(`${name} has ${String(size)} bytes, expected ${String(expected.bytes)}`);
    if (expected && (await hashFile(file)) !== expected.sha256) return corrupt(`${name} does not match its checksum`);
  } catch (error) {
    return corrupt(`${name} cannot be read`, String(error));
  }
  return null;
}

const checksumOf = (bytes: Uint8Array) => ({ bytes: bytes.length, sha256: sha256(bytes) });
const json = (value: unknown) => `${JSON.stringify(value, null, 2)}\n`;

/** Writes the folder, the card last, and reads it back. `states`: the model with tokens and block inputs, where there is one. */
export async function writeEncoderFolder(
  folder: string,
  { model, states }: { readonly model: Model; readonly states: Model | null },
  draft: CardDraft,
  head: Head | null,
  overwrite: boolean,
): Promise<Result<EncoderFolder>> {
  const bytes = serialiseModel(model);
  const statesBytes = states && serialiseModel(states, { file: MODEL, bytes });
  const card: EncoderCard = {
    format: 'collimate-encoder',
    version: 1,
    ...draft,
    model: checksumOf(bytes),
    ...(statesBytes ? { tokensModel: checksumOf(statesBytes) } : {}),
  };
  const files = [
    { name: MODEL, content: bytes },
    ...(statesBytes ? [{ name: TOKENS_MODEL, content: statesBytes }] : []),
    ...(head
      ? [
          { name: 'head.safetensors', content: writeSafetensors(head.tensors) },
          { name: 'head.json', content: json(head.file) },
        ]
      : []),
    { name: CARD, content: json(card) },
  ];
  const written = await publish(folder, files, overwrite);
  return written.ok ? openEncoderFolder(folder) : written;
}
