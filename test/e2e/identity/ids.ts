import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { imagesHash } from '../../../src/cli/tables/index-table';
import { groupNumbers } from '../../../src/contract/groups';
import { embeddingName } from '../../../src/contract/jobs/encoder';
import { compareImages } from '../../../src/contract/order';
import { unwrap } from '../../../src/contract/result';
import { keepCustom } from '../../../src/encoder/custom/custom';
import { convertCheckpoint } from '../../../src/encoder/eva-x/convert';
import { hashFile } from '../../../src/files/hash';
import { readHead } from '../../../src/head-files/head-folder';
import { ensureBuiltin } from '../../../src/encoder/scattering/builtin';
import { hashPatient } from '../../../src/project/metadata/rule';
import { headId, labelHash, poolDigest } from '../../../src/contract/head-identity';
import { random } from '../../../src/trainer/random';
import { meanColours, wishFor } from '../../unit/encoder/custom/models';
import { syntheticHead } from '../../unit/encoder/heads';

/**
 * Every id and hash that the app and the command line must agree on, as JSON. Arguments: the folder of the packed EVA-X checkpoints, and whether what has no
 * order of its own (keys of objects, maps) is put together backwards.
 */
const [checkpoints = '', direction] = process.argv.slice(2);
const put = <T>(items: readonly T[]): T[] => (direction === 'backwards' ? [...items].reverse() : [...items]);
const shuffled = <T extends object>(value: T): T =>
  Object.fromEntries(
    put(Object.entries(value)).map(([key, inner]: [string, unknown]) => [key, isPlain(inner) ? shuffled(inner) : inner]),
  ) as T;
const isPlain = (value: unknown): value is object => typeof value === 'object' && value !== null && value.constructor === Object;
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

const work = mkdtempSync(join(tmpdir(), 'collimate-'));
const unpacked = (name: string) => {
  const file = join(work, name);
  writeFileSync(file, gunzipSync(readFileSync(join(checkpoints, `${name}.gz`))));
  return file;
};
const convert = async (name: string) =>
  unwrap(
    await convertCheckpoint({
      checkpoint: unpacked(name),
      precision: 'fp32',
      place: (id) => join(work, id),
      overwrite: true,
    }),
  );

// Letters whose order and case hang on a locale (Swedish, Turkish, German), and beyond the basic plane.
const paths = [
  'z/ä.png',
  'z/a.png',
  'İ.png',
  'I.png',
  'ı.png',
  'i.png',
  'ß.png',
  'SS.png',
  '\u{1f4a9}.png',
  '\uffee.png',
  'a10.png',
  'a9.png',
  'A.png',
];
const images = put(paths)
  .map((path) => ({ path, frame: path.length % 2 ? null : 3 }))
  .sort(compareImages);
const names = images.map(({ path, frame }) => embeddingName(sha256(path), frame));
const index = images.map((image, row) => ({
  ...image,
  sha256: sha256(image.path),
  width: 1,
  height: 1,
  patient: '',
  study: '',
  view: '',
  status: 'ok' as const,
  message: '',
  row,
}));
const { file, tensors } = syntheticHead({ id: 'ab'.repeat(32), d: 6 }, 'multilabel', 4);
const targets = { rows: Int32Array.of(0, 2, 5), y: Int8Array.of(1, 0, -1, 0, 1, 1), findings: 2 };
const stream = random(2 ** 40 + 7, 'audit');

const builtin = unwrap(await ensureBuiltin(work));
const evaX = await convert('head-3.pth');
writeFileSync(join(work, 'custom.onnx'), meanColours({ batch: 'N' }));
const custom = unwrap(await keepCustom({ file: join(work, 'custom.onnx'), wish: wishFor(), into: work }, (id) => join(work, id)));

console.log(
  JSON.stringify({
    builtin: [builtin.card.id, await hashFile(builtin.model)],
    evaX: [evaX.card.id, unwrap(await readHead(evaX.folder)).file.id],
    custom: [custom.card.id, await hashFile(custom.model)],
    head: await headId(shuffled({ ...file, findings: ['Ödem', 'İnfiltrat', 'pneumonia'] }), shuffled(tensors)),
    labels: await labelHash(names, targets),
    pool: await poolDigest(names),
    images: imagesHash(put(index)),
    order: images,
    groups: [...groupNumbers(images.map(({ path }) => ({ file: path, patient: path.slice(0, 1) })))],
    patient: hashPatient('project', 'İ. Müller'),
    draws: [...stream.shuffle(Int32Array.from({ length: 50 }, (_, i) => i)), stream.uniform()],
  }),
);
rmSync(work, { recursive: true });
