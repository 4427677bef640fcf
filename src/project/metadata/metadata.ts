import type { MetadataPreview } from '../../contract/views';
import { matchPattern, parsePattern } from '../../contract/file-pattern';
import type { ImageRecord, MetadataRule, Project, Stated } from '../../contract/model';
import { ok, type Failure, type Result } from '../../contract/result';
import { applyRule, hashPatient, previewOf, type Applied } from './rule';

/** What this part needs of the open project. */
export interface MetadataSource {
  readonly project: () => Project;
  /** Every image that the project knows, also those whose file is not there at the moment. */
  readonly images: () => Iterable<ImageRecord>;
  readonly saveImages: (images: readonly ImageRecord[]) => Promise<Result<unknown>>;
  readonly saveProject: (project: Project) => Promise<Result<unknown>>;
  /** The patient that the file's own header names. */
  readonly patientInFile: (image: ImageRecord) => Promise<string | null>;
}

/** Images in one journal action. */
const BATCH = 5000;

/**
 * Patient, study and view by the project's rule (a table, a pattern of file names). The rule is a part of the project, what it
 * says of each image a part of the image's record: both are journaled, so nothing hangs on the table being there later.
 */
export class Metadata {
  readonly #source: MetadataSource;
  #applied: Promise<Result<Applied>> | null = null;
  /** Why the last scan's new images could not be looked up. */
  failure: Failure | null = null;

  constructor(source: MetadataSource) {
    this.#source = source;
  }

  async preview(rule: MetadataRule): Promise<Result<MetadataPreview>> {
    const paths = this.#paths();
    const applied = await applyRule(rule, paths);
    return applied.ok ? ok(previewOf(applied.value, paths)) : applied;
  }

  /** The images first, then the rule: an end in between leaves records that are right and a rule that is not yet in force. */
  async apply(rule: MetadataRule | null): Promise<Result<{ images: number; matched: number; patients: number }>> {
    const paths = this.#paths();
    const applied = rule ? await applyRule(rule, paths) : null;
    if (applied?.ok === false) return applied;
    const changed = [...this.#source.images()].flatMap((image) => {
      const next = this.#hashed(applied?.value.stated.get(image.path));
      return same(next, image.stated) ? [] : [withStated(image, next)];
    });
    const saved = await this.#save(changed);
    if (!saved.ok) return saved;
    const { metadata: _before, ...project } = this.#source.project();
    const done = await this.#source.saveProject(rule ? { ...project, metadata: rule } : project);
    if (!done.ok) return done;
    this.#applied = null;
    this.failure = null;
    const { matched, patients } = applied ? previewOf(applied.value, paths) : { matched: 0, patients: 0 };
    return ok({ images: paths.length, matched, patients });
  }

  /** Looks up images that came since the rule was applied; the others keep what is said of them. True: something is new. */
  async fill(): Promise<boolean> {
    const rule = this.#source.project().metadata;
    this.failure = null;
    this.#applied = null;
    const fresh = [...this.#source.images()].filter(({ stated }) => stated === undefined);
    if (!rule || fresh.length === 0) return false;
    const applied = await applyRule(rule, this.#paths());
    if (!applied.ok) {
      this.failure = applied.failure;
      return false;
    }
    const changed = fresh.flatMap((image) => {
      const next = this.#hashed(applied.value.stated.get(image.path));
      return next ? [withStated(image, next)] : [];
    });
    const saved = await this.#save(changed);
    return saved.ok && changed.length > 0;
  }

  /** Whose image it is, from where it is written: the records hold only a hash. Null where nothing says it (any longer). */
  async patientOf(image: ImageRecord): Promise<Result<string | null>> {
    const rule = this.#source.project().metadata;
    if (image.stated?.patient === null || image.stated?.patient === undefined || !rule) return ok(await this.#source.patientInFile(image));
    if (rule.kind === 'pattern') {
      const pattern = parsePattern(rule.pattern);
      return ok(pattern.ok ? (matchPattern(pattern.value, image.path)?.patient ?? null) : null);
    }
    this.#applied ??= applyRule(rule, this.#paths());
    const applied = await this.#applied;
    const found = applied.ok ? (applied.value.stated.get(image.path)?.patient ?? null) : null;
    // The table may say something else by now than when it was applied.
    return ok(found !== null && this.#hash(found) === image.stated.patient ? found : null);
  }

  #paths(): string[] {
    return [...new Set(Array.from(this.#source.images(), ({ path }) => path))];
  }

  async #save(images: readonly ImageRecord[]): Promise<Result<unknown>> {
    for (let start = 0; start < images.length; start += BATCH) {
      const saved = await this.#source.saveImages(images.slice(start, start + BATCH));
      if (!saved.ok) return saved;
    }
    return ok();
  }

  #hashed(stated: Stated | undefined): Stated | undefined {
    return stated && { ...stated, patient: stated.patient === null ? null : this.#hash(stated.patient) };
  }

  /** The salt is the project's id: the same patient cannot be recognised across projects. */
  #hash(patient: string): string {
    return hashPatient(this.#source.project().id, patient);
  }
}

function withStated({ stated: _before, ...image }: ImageRecord, stated: Stated | undefined): ImageRecord {
  return stated ? { ...image, stated } : image;
}

const same = (a: Stated | undefined, b: Stated | undefined) => a?.patient === b?.patient && a?.study === b?.study && a?.view === b?.view;
