import { z } from 'zod';

/** One number that was measured, with all that it takes to read it. */
export const Figure = z.object({
  /** e.g. AUROC. */
  name: z.string(),
  /** Null: of all findings together. */
  finding: z.string().nullable(),
  value: z.number(),
  low: z.number().nullable(),
  high: z.number().nullable(),
  /** Answers or images that it was measured on. */
  n: z.int(),
  /** How those were chosen, e.g. out of fold. */
  how: z.string(),
});
export type Figure = z.infer<typeof Figure>;

/** Probabilities at which something is decided, one a finding in the head's order. */
export const Threshold = z.object({
  /** What is decided, e.g. "present from". */
  name: z.string(),
  /** Null: there is none for this finding. */
  values: z.array(z.number().nullable()),
  /** How they were found. */
  how: z.string(),
});
export type Threshold = z.infer<typeof Threshold>;

/** What whoever exports a model knows of it beside its head and its encoder. */
export const CardFacts = z.object({
  project: z.string(),
  /** Of Collimate. */
  version: z.string(),
  date: z.iso.date(),
  /** Images called present, by the finding's name. */
  labels: z.record(z.string(), z.number()),
  /** Patients whose images are labelled for training and drawn as audits, and labelled images whose patient is not known. Null: not recorded. */
  patients: z.object({ labelled: z.int(), audited: z.int(), unknown: z.int() }).nullable(),
  thresholds: z.array(Threshold),
  figures: z.array(Figure),
});
export type CardFacts = z.infer<typeof CardFacts>;
