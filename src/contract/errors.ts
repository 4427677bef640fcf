import { z } from 'zod';

/** The closed list of expected failures. Every code has its sentence in catalogue.ts. Codes are never reused. */
export const ErrorCode = z.enum([
  // files and folders
  'file-missing',
  'file-unreadable',
  'file-changed',
  'file-too-large',
  'folder-missing',
  'folder-unreadable',
  'folder-empty',
  'folder-not-writable',
  'folder-foreign',
  'disk-full',
  'output-exists',
  'write-failed',
  // images
  'image-format-unknown',
  'image-corrupt',
  'image-too-large',
  'image-unsupported',
  'image-none',
  'image-timeout',
  'decoder-crashed',
  // checkpoints and encoders
  'checkpoint-not-one',
  'checkpoint-corrupt',
  'checkpoint-format-unsupported',
  'checkpoint-layout-unknown',
  'checkpoint-keys-missing',
  'checkpoint-shape-wrong',
  'checkpoint-rope-differs',
  'download-offline',
  'download-refused',
  'download-broken',
  'download-hash-differs',
  'download-unsafe',
  'encoder-missing',
  'encoder-corrupt',
  'encoder-run-failed',
  'embedding-corrupt',
  'embedding-foreign',
  'embedding-missing',
  // learning
  'labels-too-few',
  'labels-invalid',
  'head-invalid',
  'backend-unavailable',
  'strategy-unknown',
  // project
  'project-missing',
  'project-newer',
  'project-invalid',
  'project-open-elsewhere',
  'journal-damaged',
  'nothing-to-undo',
  'image-unknown',
  'finding-unknown',
  // export
  'export-check-failed',
  'export-nothing',
  // files of ours
  'table-invalid',
  'array-invalid',
  // processes
  'process-gone',
  'stopped',
  'refused',
  'wrong-use',
  'internal',
]);
export type ErrorCode = z.infer<typeof ErrorCode>;
