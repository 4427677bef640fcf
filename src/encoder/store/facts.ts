import { appendFile, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
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
});
export type DecodedFacts = z.infer<typeof DecodedFacts>;

const Line = z.object({ name: z.string(), facts: DecodedFacts });

/**
 * Facts of embedded images beside their embeddings, so that who embeds the same folder again need not decode it: `facts.jsonl`, one line an image,
 * only ever appended to. A line that is damaged or lost costs one decoding.
 */
export class FactsLog {
  private readonly facts: Map<string, DecodedFacts>;
  private lines = '';
  private readonly file: string;

  private constructor(file: string, facts: Map<string, DecodedFacts>) {
    this.file = file;
    this.facts = facts;
  }

  static async open(folder: string): Promise<FactsLog> {
    const file = join(folder, 'facts.jsonl');
    const text = await readFile(file, 'utf8').catch(() => '');
    const facts = new Map<string, DecodedFacts>();
    for (const line of text.split('\n')) {
      const parsed = Line.safeParse(parse(line));
      if (parsed.success) facts.set(parsed.data.name, parsed.data.facts);
    }
    return new FactsLog(file, facts);
  }

  get size(): number {
    return this.facts.size;
  }

  get(name: string): DecodedFacts | undefined {
    return this.facts.get(name);
  }

  add(name: string, facts: ImageFacts): void {
    if (this.facts.has(name)) return;
    const decoded = DecodedFacts.parse(facts);
    this.facts.set(name, decoded);
    this.lines += `${JSON.stringify({ name, facts: decoded })}\n`;
  }

  /** Never fails: what cannot be written is decoded again. */
  async flush(): Promise<void> {
    const { lines } = this;
    this.lines = '';
    // A line that another process left torn ends here.
    if (lines !== '') await appendFile(this.file, `\n${lines}`).catch(() => undefined);
  }
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}
