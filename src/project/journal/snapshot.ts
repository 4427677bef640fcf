import { open, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { AnnotatorState, ProjectState } from '../../contract/fold';
import { Id, SCHEMA, type CellValue, type ImageRecord, type Project } from '../../contract/model';
import { writeAtomically } from '../../files/atomic';
import { checksum } from './line';

/** Two are kept: the newest, and the one before in case it is damaged. */
const FILES = ['snapshot.json', 'snapshot.previous.json'] as const;

/** The first line of a snapshot file; the second is the state. */
const Header = z.object({
  format: z.literal('collimate-snapshot'),
  version: z.literal(1),
  /** Of the data in it; one of a later schema is not read, so that the journal's own lines say what is newer. Older snapshots do not say. */
  schema: z.int().max(SCHEMA).optional(),
  seq: z.int().positive(),
  /** The last line that went into it, by which the journal is recognised. */
  line: z.object({ start: z.int(), end: z.int(), crc32: z.string() }),
  /** Where every INDEX_STEP-th line of the journal starts. */
  offsets: z.array(z.int()),
  /** Id of the last action; an older snapshot does not say. */
  lastId: Id.nullable().optional(),
  crc32: z.string(),
});

interface PlainState {
  readonly project: Project | null;
  readonly images: ImageRecord[];
  readonly annotators: (readonly [
    Id,
    { cells: (readonly [Id, (readonly [Id, CellValue])[]])[]; skipped: Id[]; undo: AnnotatorState['undo']; redo: AnnotatorState['redo'] },
  ])[];
}

export interface Snapshot {
  readonly state: ProjectState;
  readonly offsets: number[];
  readonly lastId: Id | null;
  /** Length of the journal that it stands for. */
  readonly end: number;
}

/** Where the last line starts, and its checksum without the newline. */
export interface LastLine {
  readonly start: number;
  readonly crc32: string;
}

/** Writes the state, and the place in the journal up to which it reaches. */
export async function writeSnapshot(folder: string, snapshot: Snapshot, last: LastLine): Promise<void> {
  const body = JSON.stringify(toPlain(snapshot.state));
  const header: z.infer<typeof Header> = {
    format: 'collimate-snapshot',
    version: 1,
    schema: SCHEMA,
    seq: snapshot.state.seq,
    line: { ...last, end: snapshot.end },
    offsets: snapshot.offsets,
    lastId: snapshot.lastId,
    crc32: checksum(body),
  };
  const [newest, previous] = FILES.map((name) => join(folder, name)) as [string, string];
  await rename(newest, previous).catch(() => undefined);
  await writeAtomically(newest, `${JSON.stringify(header)}\n${body}`);
}

/** The newest snapshot that is whole and belongs to the journal beside it; null where there is none: then the journal alone tells all. */
export async function readSnapshot(folder: string, journal: string): Promise<Snapshot | null> {
  for (const name of FILES) {
    const bytes = await readFile(join(folder, name)).catch(() => null);
    const cut = bytes?.indexOf(0x0a) ?? -1;
    if (!bytes || cut < 0) continue;
    const header = parseHeader(bytes.toString('utf8', 0, cut));
    const body = bytes.subarray(cut + 1);
    if (!header || checksum(body) !== header.crc32 || !(await isOf(journal, header.line))) continue;
    // Its checksum says that it is what this program wrote, so it is not validated field by field.
    const state = fromPlain(JSON.parse(body.toString()) as PlainState, header.seq);
    return { state, offsets: header.offsets, lastId: header.lastId ?? null, end: header.line.end };
  }
  return null;
}

function parseHeader(text: string): z.infer<typeof Header> | null {
  try {
    return Header.safeParse(JSON.parse(text)).data ?? null;
  } catch {
    return null;
  }
}

async function isOf(journal: string, line: { start: number; end: number; crc32: string }): Promise<boolean> {
  const handle = await open(journal, 'r');
  try {
    if (line.end <= line.start || line.end > (await handle.stat()).size) return false;
    const bytes = Buffer.alloc(line.end - line.start - 1);
    await handle.read(bytes, 0, bytes.length, line.start);
    return checksum(bytes) === line.crc32;
  } finally {
    await handle.close();
  }
}

const toPlain = (state: ProjectState): PlainState => ({
  project: state.project,
  images: [...state.images.values()],
  annotators: [...state.annotators].map(([id, own]) => [
    id,
    { cells: [...own.cells].map(([image, cells]) => [image, [...cells]]), skipped: [...own.skipped], undo: own.undo, redo: own.redo },
  ]),
});

const fromPlain = (plain: PlainState, seq: number): ProjectState => ({
  seq,
  project: plain.project,
  images: new Map(plain.images.map((image) => [image.id, image])),
  annotators: new Map(
    plain.annotators.map(([id, own]) => [
      id,
      {
        cells: new Map(own.cells.map(([image, cells]) => [image, new Map(cells)])),
        skipped: new Set(own.skipped),
        undo: own.undo,
        redo: own.redo,
      },
    ]),
  ),
});
