import type { Task } from '../../contract/model';
import { pause } from '../pause';
import type { Targets } from '../labels';
import type { Matrix } from '../matrix';
import { makeDesign } from './design';
import { seenFindings, type FittedHead } from './fit';
import { fitGda } from './gda';
import { linearOf, solveLogistic, type LogisticProblem } from './logistic';
import { tensorProducts } from './products';

const QUICK = { tolerance: 1e-4, iterations: 60 };

/**
 * The last head on new labels: same kind, same C, same calibration, and its out-of-fold figures, which are those of the
 * last full round. Null where other findings can be learnt than then.
 */
export async function refit(
  features: Matrix,
  targets: Targets,
  task: Task,
  last: FittedHead,
  signal?: AbortSignal,
): Promise<FittedHead | null> {
  const seen = seenFindings(targets, task);
  const before = last.linear.fitted.flatMap((one, f) => (one ? [f] : []));
  if (seen.length === 0 || seen.join() !== before.join()) return null;
  // What was fine-tuned stays as it is until the next full round has judged it on the new labels.
  if (last.tuned) return { ...last, targets };
  const design = makeDesign(features, targets);
  if (last.kind === 'gda') return { ...last, linear: fitGda(design, task), targets };
  const products = tensorProducts(design);
  try {
    const include = new Uint8Array(design.n).fill(1);
    const strength = (f: number) => last.strengths?.[f] ?? 1;
    const problems: LogisticProblem[] =
      task === 'multiclass'
        ? [{ finding: null, include, strength: strength(seen[0] ?? 0) }]
        : seen.map((finding) => ({ finding, include, strength: strength(finding) }));
    const solved = await solveLogistic(
      design,
      task,
      seen,
      problems,
      products,
      { ...QUICK, between: () => pause(signal) },
      warm(last, seen, design.m, products.factor),
    );
    return { ...last, linear: linearOf(design, seen, solved.parameters, products.factor), targets };
  } finally {
    products.release();
  }
}

function warm({ linear }: FittedHead, seen: readonly number[], m: number, factor: number): Float64Array {
  const out = new Float64Array(seen.length * (m + 1));
  seen.forEach((f, i) => {
    for (let c = 0; c < m; c++) out[i * (m + 1) + c] = linear.weight[f * m + c] / factor;
    out[i * (m + 1) + m] = linear.bias[f];
  });
  return out;
}
