import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { EncoderCard } from '../../../src/contract/encoder-card';
import { Provider } from '../../../src/contract/jobs/encoder';
import { unwrap } from '../../../src/contract/result';
import { chooseSession } from '../../../src/encoder/providers';

// node provider-child.js FOLDER PROVIDER MEMORY: opens the encoder and embeds one image; the answer is a line of JSON.
const [folder = '', provider = '', memory = ''] = process.argv.slice(2);
const card = EncoderCard.parse(JSON.parse(readFileSync(join(folder, 'encoder.json'), 'utf8')));
const session = unwrap(
  await chooseSession({ model: join(folder, 'model.onnx'), card, provider: Provider.parse(provider), threads: 2, memory }),
);
const data = Float32Array.from({ length: 3 * 224 * 224 }, (_, i) => Math.sin(i / 7) * 1.5);
const { embedding } = unwrap(await session.run({ pixels: { shape: [1, 3, 224, 224], data } }));
process.stdout.write(JSON.stringify({ provider: session.provider, reason: session.reason, embedding: [...(embedding?.data ?? [])] }));
