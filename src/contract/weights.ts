import { z } from 'zod';
import { Failure } from './result';

/** EVA-X's published weights, by the names that the app and the command line share. */
export const WeightsName = z.enum(['eva-x-tiny', 'eva-x-small', 'eva-x-base']);
export type WeightsName = z.infer<typeof WeightsName>;

/** One of the published files, and how far its download is. Everything about bytes is what the host states, or about, until it was asked. */
export const Weights = z.object({
  name: WeightsName,
  title: z.string(),
  file: z.string(),
  /** The whole address, also for a person who fetches it with something else. */
  url: z.string(),
  /** retrying: broke off (`failure`), and asked again in a moment. whole: on this disk and checked. */
  state: z.enum(['absent', 'part', 'asking', 'running', 'retrying', 'importing', 'whole']),
  done: z.number(),
  total: z.number(),
  /** Bytes a second; null while unknown. */
  rate: z.number().nullable(),
  secondsLeft: z.number().nullable(),
  /** Asked so far, in their order: the page first, then the store that it redirects to. */
  hosts: z.array(z.string()),
  failure: Failure.nullable(),
  /** What was made of it since the app was started. */
  encoder: z.string().nullable(),
});
export type Weights = z.infer<typeof Weights>;
