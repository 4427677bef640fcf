interface Point {
  readonly n: number;
  readonly accuracy: number;
}

const WIDTH = 304;
const HEIGHT = 88;
const LEFT = 40;
const BOTTOM = 16;

/** Running accuracy over the number of labels. */
export function AccuracyCurve({ points }: { readonly points: readonly Point[] }) {
  const last = points.at(-1);
  if (!last) return null;
  const x = (n: number) => LEFT + (n / last.n) * (WIDTH - LEFT - 4);
  const y = (accuracy: number) => 6 + (1 - accuracy) * (HEIGHT - BOTTOM - 10);
  const line = points.map(({ n, accuracy }) => `${x(n).toFixed(1)},${y(accuracy).toFixed(1)}`).join(' ');
  return (
    <svg
      className="plot"
      viewBox={`0 0 ${String(WIDTH)} ${String(HEIGHT)}`}
      role="img"
      aria-label={`Running accuracy over ${String(last.n)} labels, now ${(last.accuracy * 100).toFixed(0)} percent`}
    >
      {[0, 0.5, 1].map((tick) => (
        <g key={tick}>
          <line className="plot-grid" x1={LEFT} x2={WIDTH - 4} y1={y(tick)} y2={y(tick)} />
          <text className="plot-text" x={LEFT - 6} y={y(tick) + 3} textAnchor="end">
            {tick * 100} %
          </text>
        </g>
      ))}
      <polyline className="plot-line" points={line} />
      <circle className="plot-dot" cx={x(last.n)} cy={y(last.accuracy)} r={3} />
      <text className="plot-text" x={LEFT} y={HEIGHT - 2}>
        0
      </text>
      <text className="plot-text" x={WIDTH - 4} y={HEIGHT - 2} textAnchor="end">
        {last.n} labels
      </text>
    </svg>
  );
}
