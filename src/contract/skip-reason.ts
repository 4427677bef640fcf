import { z } from 'zod';

/** Why a file or folder of a project's folder is no image of it. */
export const SkipReason = z.enum([
  /** Hidden, or left by an operating system, an unfinished download or an editor. */
  'hidden',
  /** By its first bytes, as all that follows: its name plays no part. */
  'not-an-image',
  /** The same, but its name says otherwise. */
  'misnamed',
  /** Known as an image, but of a format that is not read. */
  'format-unsupported',
  /** Followed nowhere: inside the folder its target is found anyway, outside it was not chosen. */
  'symbolic-link',
  /** Pipe, socket or device. */
  'not-a-file',
  /** The name cannot be written as UTF-8. */
  'name-unreadable',
  'unreadable',
  'folder-unreadable',
]);
export type SkipReason = z.infer<typeof SkipReason>;

/** `path` is relative to the folder, '/' everywhere; `detail`: the format, or what the system said. */
export const OtherFile = z.object({ path: z.string(), reason: SkipReason, detail: z.string().optional() });
export type OtherFile = z.infer<typeof OtherFile>;

const sentences: Record<SkipReason, (detail: string | undefined) => string> = {
  hidden: () => 'It is hidden, or left by the system or another program.',
  'not-an-image': () => 'Its first bytes are those of no image.',
  misnamed: () => 'It is named like an image, but its first bytes are those of none.',
  'format-unsupported': (detail) => `Files of the format ${detail ?? 'of its name'} are not read.`,
  'symbolic-link': () => 'Symbolic links are not followed.',
  'not-a-file': () => 'It is no ordinary file.',
  'name-unreadable': () => 'Its name is not UTF-8 text.',
  unreadable: (detail) => `It could not be read: ${detail ?? 'unknown reason'}.`,
  'folder-unreadable': (detail) => `The folder could not be opened: ${detail ?? 'unknown reason'}.`,
};

export const skipSentence = ({ reason, detail }: Pick<OtherFile, 'reason' | 'detail'>): string => sentences[reason](detail);

/** What the person would expect to be an image, and to be read. */
export const isLoss = ({ reason }: Pick<OtherFile, 'reason'>): boolean =>
  reason === 'misnamed' || reason === 'name-unreadable' || reason === 'unreadable' || reason === 'folder-unreadable';
