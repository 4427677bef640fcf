import type { Combine, Reason, Search } from '../../contract/jobs/trainer';
import type { Task } from '../../contract/model';
import type { Matrix } from '../matrix';

/** What an acquisition function chooses from. All rows are rows of the pool. */
export interface Scene {
  readonly task: Task;
  readonly findings: readonly string[];
  /** The pool in the head's feature space, rows of length one. */
  readonly features: Matrix;
  /** Rows to choose from: without an answer, and of no patient that is kept out of training. Ascending. */
  readonly open: Int32Array;
  /** Rows that are trained on, ascending. */
  readonly labelled: Int32Array;
  /** Images with an answer, whatever it is for. */
  readonly answered: number;
  /** Rows to ask for the audit, in that order. */
  readonly audits: readonly number[];
  /** Rows without an answer of patients that are kept out of training but not reserved: asked when nothing else is left. */
  readonly spare: readonly number[];
  /** What the head says; null without one. */
  readonly scores: Scores | null;
  /** Rows labelled present, per finding. */
  readonly present: readonly (readonly number[])[];
  /** The head that came with the encoder's file, for the findings of which it speaks now. */
  readonly ready?: { readonly speaks: readonly boolean[]; readonly logits: Float32Array; readonly probabilities: Float32Array } | null;
  readonly seed: number;
  /** Multi-label; mean unless given. */
  readonly combine?: Combine | undefined;
  /** What `rare` looks for; no seed is of a patient that is kept out of training. */
  readonly search?: Search | null | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface Scores {
  /** [N, K]: the logits at the temperature of their calibration, at equal priors: 0 is where the evidence says neither. */
  readonly z: Float64Array;
  /** Calibrated probabilities [N, K], as they are shown. */
  readonly probabilities: Float32Array;
  /** [K, m] and [K], scaled as z. */
  readonly weight: Float64Array;
  readonly bias: Float64Array;
  /** Findings the head has learnt. */
  readonly fitted: readonly boolean[];
}

export interface Pick {
  readonly row: number;
  readonly score: number;
  readonly reason: Reason;
}

/** Chooses `count` rows of `scene.open`, the best first; fewer where there are fewer. */
export type Acquisition = (scene: Scene, count: number) => Promise<Pick[]> | Pick[];
