import { appendFile, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { z } from 'zod';
import { DISPLAY_RULE, mayBeRedrawn, readingNotes } from '../../contract/display-rule';
import { ImageFacts } from '../../contract/jobs/imaging';

/**
 * What only decoding tells of an image. Nothing that a DICOM header states is among it: patients have no place in a cache, and the header is
 * read again in no time.
 */
const DecodedFacts = ImageFacts.pick({
  format: true,
  width: true,
  height: true,
  bits: true,
  channels: true,
  orientation: true,
  frames: true,
  notes: true,
});
export type DecodedFacts = z.infer<typeof DecodedFacts>;

/** `display`: the rule under which it was decoded; 0 in lines from before it was counted. Of lines with one name the last holds. */
const Line = z.object({ name: z.string(), facts: DecodedFacts, display: z.int().default(0) });

type Known = Pick<z.infer<typeof Line>, 'facts' | 'display'>;

/**
 * Facts of embedded images beside their embeddings, so that who embeds the same folder again need not decode it: `facts.jsonl`, one line an image,
 * only ever appended to: the CRC-32 of its JSON in hexadecimal, a blank, the JSON. A line that is damaged or lost costs one decoding.
 */
export class FactsLog {
  private readonly facts: Map<string, Known>;
  private lines = '';
  private readonly file: string;

  private constructor(file: string, facts: Map<string, Known>) {
    this.file = file;
    this.facts = facts;
  }

  static async open(folder: string): Promise<FactsLog> {
    const file = join(folder, 'facts.jsonl');
    const text = await readFile(file, 'utf8').catch(() => '');
    const facts = new Map<string, Known>();
    for (const line of text.split('\n')) {
      const parsed = Line.safeParse(whole(line));
      if (parsed.success) facts.set(parsed.data.name, parsed.data);
    }
    return new FactsLog(file, facts);
  }

  get size(): number {
    return this.facts.size;
  }

  /** What decoding tells today; nothing where it may tell otherwise than it did. */
  get(name: string): DecodedFacts | undefined {
    const known = this.facts.get(name);
    return known && mayBeRedrawn(known.display, known.facts.format) ? undefined : known?.facts;
  }

  add(name: string, facts: ImageFacts): void {
    if (this.get(name)) return;
    const { notes, ...decoded } = DecodedFacts.parse(facts);
    const read = readingNotes(notes);
    const known = { facts: { ...decoded, ...(read.length > 0 && { notes: read }) }, display: DISPLAY_RULE };
    this.facts.set(name, known);
    const json = JSON.stringify({ name, ...known });
    this.lines += `${checksum(json)} ${json}\n`;
  }

  /** Never fails: what cannot be written is decoded again. */
  async flush(): Promise<void> {
    const { lines } = this;
    this.lines = '';
    // A line that another process left torn ends here.
    if (lines !== '') await appendFile(this.file, `\n${lines}`).catch(() => undefined);
  }
}

const checksum = (text: string) => crc32(text).toString(16).padStart(8, '0');

/** Null where it is not what was written. A line of version 0.1 at first had no checksum: it is taken as far as it can be read. */
function whole(line: string): unknown {
  if (line.startsWith('{')) return parse(line);
  const json = line.slice(9);
  return line.startsWith(`${checksum(json)} `) ? JSON.parse(json) : null;
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return null;
  }
}
