// Exported models in onnxruntime-web (wasm) and onnxruntime-node, beside runtimes.py: node runtimes.mjs PACKAGES OUT MODEL.onnx...
// PACKAGES is a folder in which both were installed: npm install onnxruntime-web onnxruntime-node.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join, resolve } from 'node:path';

const [packages, out, ...models] = process.argv.slice(2);
const load = createRequire(join(resolve(packages), 'package.json'));
const [web, node] = [load('onnxruntime-web'), load('onnxruntime-node')];
web.env.wasm.numThreads = 1;

/** As in runtimes.py. */
function picture([, channels, height, width]) {
  const data = new Float32Array(2 * channels * height * width);
  let at = 0;
  for (let n = 0; n < 2; n++)
    for (let c = 0; c < channels; c++)
      for (let y = 0; y < height; y++)
        for (let x = 0; x < width; x++) {
          const one = Math.abs(((x * 5 + y * 3 + c * 11 + n * 40) % 256) - 128);
          data[at++] = Math.min(255, one + Math.abs(((Math.floor((x * y) / 8) + n * 90) % 256) - 128));
        }
  return [2, channels, height, width, data];
}

for (const model of models) {
  const place = join(out, basename(dirname(model)));
  mkdirSync(place, { recursive: true });
  for (const [name, { InferenceSession, Tensor }] of [
    [`onnxruntime-web ${web.env.versions.web ?? web.env.versions.common}`, web],
    [`onnxruntime-node ${node.env.versions.node ?? node.env.versions.common}`, node],
  ]) {
    const session = await InferenceSession.create(new Uint8Array(readFileSync(model)), {
      executionProviders: name.includes('web') ? ['wasm'] : ['cpu'],
      extra: { session: { x64quantprecision: '1' } },
    });
    const [, channels, height, width, data] = picture(session.inputMetadata[0].shape);
    const { probabilities } = await session.run({ image: new Tensor('float32', data, [2, channels, height, width]) });
    writeFileSync(join(place, `${name}.json`), JSON.stringify([...probabilities.data]));
    await session.release();
  }
}
