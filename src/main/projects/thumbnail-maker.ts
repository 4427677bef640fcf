import type { ErrorCode } from '../../contract/errors';
import { Priority, type ImageSource, type ImagingService } from '../../contract/jobs/imaging';
import { fail, ok, type Failure, type Result } from '../../contract/result';
import { Attempts } from '../../supervise/attempts';
import type { Failures } from '../../supervise/failures';
import type { Service } from '../../supervise/supervised';
import { readThumbnail, THUMBNAIL_SIZE } from './thumbnails';

/** What says nothing of the image: the next thumbnail would meet it as well. */
const general: ReadonlySet<ErrorCode> = new Set(['process-gone', 'disk-full', 'folder-not-writable', 'write-failed', 'internal']);

/**
 * The small pictures of a project, made when they are first looked at. Where none can be made (a full disk, imaging that keeps ending), images
 * are left alone until the pause is over: each would be decoded for nothing.
 */
export class ThumbnailMaker {
  readonly #imaging: Service<ImagingService>;
  readonly #attempts: Attempts;
  /** What failed, and how it is tried again. */
  #failed: { readonly failure: Failure; readonly again: () => Promise<unknown> } | null = null;

  constructor(imaging: Service<ImagingService>, failures: Failures) {
    this.#imaging = imaging;
    this.#attempts = new Attempts(failures, 'thumbnail', () => void this.#failed?.again());
  }

  /** What lies in `file`, else it is made there. Fails with what imaging says of the image, or with what keeps all of them from being made. */
  async of(file: string, source: ImageSource): Promise<Result<Uint8Array<ArrayBuffer>>> {
    const kept = await readThumbnail(file);
    if (kept) return ok(kept);
    if (this.#attempts.resting && this.#failed) return { ok: false, failure: this.#failed.failure };
    const made = await this.#imaging.call('read', { source, priority: Priority.thumbnail, thumbnail: { file, size: THUMBNAIL_SIZE } });
    if (!made.ok) {
      if (general.has(made.failure.code)) this.#fail(made.failure, () => this.of(file, source));
      return made;
    }
    const bytes = await readThumbnail(file);
    if (!bytes) return fail('file-missing', { file });
    this.#failed = null;
    this.#attempts.worked();
    return ok(bytes);
  }

  retry(): void {
    this.#attempts.retry();
  }

  close(): void {
    this.#attempts.cancel();
  }

  #fail(failure: Failure, again: () => Promise<unknown>): void {
    // Of those that were under way together one counts.
    if (this.#attempts.resting) return;
    this.#failed = { failure, again };
    this.#attempts.failed(failure);
  }
}
