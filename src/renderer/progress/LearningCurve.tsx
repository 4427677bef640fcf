import type { Metrics } from '../../contract/jobs/trainer';
import { count } from '../controls/figures';
import { Term } from '../controls/Term';
import { AUROC } from './terms';

const WIDTH = 304;
const HEIGHT = 96;
const LEFT = 40;
const STEPS = 24;

/** AUROC on held-out labels by number of labels, its fit, and where the fit goes with more labels. */
export function LearningCurve({ curve }: { readonly curve: NonNullable<Metrics['learningCurve']> }) {
  const { points, a, b, c, more, gain } = curve;
  const first = points[0];
  const last = points.at(-1);
  if (!first || !last) return null;
  const end = last.n + more;
  const fitted = (n: number) => Math.min(1, a - b / n ** c);
  const lowest = Math.min(0.5, ...points.map(({ auroc }) => auroc));
  const x = (n: number) => LEFT + ((n - first.n) / Math.max(1, end - first.n)) * (WIDTH - LEFT - 6);
  const y = (auroc: number) => 6 + ((1 - auroc) / (1 - lowest)) * (HEIGHT - 28);
  const along = (from: number, to: number) =>
    Array.from({ length: STEPS + 1 }, (_, i) => from + ((to - from) * i) / STEPS)
      .map((n) => `${x(n).toFixed(1)},${y(Math.max(lowest, fitted(n))).toFixed(1)}`)
      .join(' ');
  return (
    <div data-testid="learning-curve">
      <svg
        className="plot"
        viewBox={`0 0 ${String(WIDTH)} ${String(HEIGHT)}`}
        role="img"
        aria-label={`AUROC by number of labels, ${last.auroc.toFixed(2)} at ${String(last.n)}`}
      >
        {[lowest, (1 + lowest) / 2, 1].map((tick) => (
          <g key={tick}>
            <line className="plot-grid" x1={LEFT} x2={WIDTH - 6} y1={y(tick)} y2={y(tick)} />
            <text className="plot-text" x={LEFT - 6} y={y(tick) + 3} textAnchor="end">
              {tick.toFixed(2)}
            </text>
          </g>
        ))}
        <polyline className="plot-line" points={along(first.n, last.n)} />
        <polyline className="plot-line ahead" points={along(last.n, end)} />
        {points.map(({ n, auroc }) => (
          <circle key={n} className="plot-dot" cx={x(n)} cy={y(auroc)} r={2.5} />
        ))}
        <text className="plot-text" x={LEFT} y={HEIGHT - 4}>
          {first.n}
        </text>
        <text className="plot-text" x={WIDTH - 6} y={HEIGHT - 4} textAnchor="end">
          {end} labels
        </text>
      </svg>
      <p className="figures">
        {count(more)} more labels: <Term means={AUROC}>AUROC</Term> {gain < 0.0005 ? 'as now' : `about +${gain.toFixed(3)}`}, by a curve
        through {count(points.length)} shares of n = {count(last.n)} labels
      </p>
    </div>
  );
}
