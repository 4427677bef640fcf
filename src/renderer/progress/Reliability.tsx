interface Bin {
  readonly n: number;
  readonly mean: number;
  readonly observed: number;
}

const SIZE = 152;
const PAD = 24;

/** Reliability diagram: what was predicted against what was observed. A dot's area goes with the number of labels in it. */
export function Reliability({ bins }: { readonly bins: readonly Bin[] }) {
  const filled = bins.filter(({ n }) => n > 0);
  const most = Math.max(1, ...filled.map(({ n }) => n));
  const at = (value: number) => PAD + value * (SIZE - PAD - 6);
  const total = filled.reduce((sum, { n }) => sum + n, 0);
  return (
    <svg
      className="plot square"
      viewBox={`0 0 ${String(SIZE)} ${String(SIZE)}`}
      role="img"
      aria-label={`Reliability diagram of ${String(total)} labels in ${String(filled.length)} bins`}
    >
      <rect className="plot-frame" x={PAD} y={6} width={SIZE - PAD - 6} height={SIZE - PAD - 6} />
      <line className="plot-grid diagonal" x1={at(0)} y1={SIZE - at(0)} x2={at(1)} y2={SIZE - at(1)} />
      {filled.map(({ n, mean, observed }) => (
        <circle key={mean} className="plot-dot" cx={at(mean)} cy={SIZE - at(observed)} r={2 + 5 * Math.sqrt(n / most)}>
          <title>{`${(mean * 100).toFixed(0)} % predicted, ${(observed * 100).toFixed(0)} % observed, n = ${String(n)}`}</title>
        </circle>
      ))}
      <text className="plot-text" x={(PAD + SIZE) / 2} y={SIZE - 4} textAnchor="middle">
        predicted
      </text>
      <text className="plot-text" transform={`translate(10 ${String((SIZE - PAD) / 2 + 3)}) rotate(-90)`} textAnchor="middle">
        observed
      </text>
    </svg>
  );
}
