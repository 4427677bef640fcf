import { ulid } from 'ulid';
import { describe, expect, it } from 'vitest';
import { FRAMES_LIMIT } from '../../../../src/contract/frames';
import type { EmbeddedItem } from '../../../../src/contract/jobs/encoder';
import type { ImageRecord } from '../../../../src/contract/model';
import { frameRecords, judged } from '../../../../src/project/images/frames';

const read: ImageRecord = {
  id: ulid(),
  root: ulid(),
  path: 'film.dcm',
  frame: null,
  bytes: 10,
  mtime: 1,
  sha256: 'a'.repeat(64),
  width: 4,
  height: 3,
  patient: 'p',
  study: 's',
  view: 'PA',
};

describe('frames of a file that was read', () => {
  it('an ordinary file is one image without a frame', () => {
    expect(frameRecords(read, [], () => false)).toEqual([read]);
    expect(frameRecords(read, [0], () => false)).toEqual([read]);
  });

  it('the image that was there becomes the first frame and keeps its id; the others are new, of the same patient', () => {
    const records = frameRecords(read, [0, 1, 3], () => false);
    expect(records.map(({ frame }) => frame)).toEqual([0, 1, 3]);
    expect(records[0]).toEqual({ ...read, frame: 0 });
    expect(new Set(records.map(({ id }) => id)).size).toBe(3);
    for (const record of records.slice(1))
      expect(record).toMatchObject({ path: 'film.dcm', sha256: read.sha256, patient: 'p', width: null });
  });

  it('frames that have a record are not made again', () => {
    expect(frameRecords({ ...read, frame: 0 }, [0, 1, 2], (frame) => frame < 2).map(({ frame }) => frame)).toEqual([0, 2]);
  });

  it('too many are a failure that names the file, unless the first is all that is wanted', () => {
    const item = (count: number) =>
      ({ status: 'ok', key: 'k', reused: false, facts: { frames: Array.from({ length: count }, (_, n) => n) } }) as unknown as EmbeddedItem;
    expect(judged(item(FRAMES_LIMIT), 'all', '/f').status).toBe('ok');
    expect(judged(item(FRAMES_LIMIT + 1), 'first', '/f').status).toBe('ok');
    expect(judged(item(FRAMES_LIMIT + 1), 'all', '/f')).toMatchObject({
      status: 'failed',
      failure: { code: 'image-frames-too-many', params: { file: '/f', limit: FRAMES_LIMIT } },
    });
  });
});
