import type { Point, Run } from '../../trainer/evaluation/simulate';
import type { ReportLine } from './report';

const WIDTH = 560;
const HEIGHT = 300;
const MARGIN = { left: 52, right: 12, top: 12, bottom: 36 };
/** Okabe and Ito's colours, told apart by all kinds of sight; the dash tells heads apart. */
const COLOURS = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9', '#000000'];
const DASHES = ['', '6 3', '2 3'];

interface Series {
  readonly name: string;
  readonly colour: string;
  readonly dash: string;
  /** Number of labels, mean over seeds, and half the width of a 95 % interval of it. */
  readonly points: readonly { n: number; mean: number; half: number }[];
}

type Figure = 'auroc' | 'ap' | 'brier' | 'ece' | 'seconds';
const charts: readonly { figure: Figure; title: string; unit: string }[] = [
  { figure: 'auroc', title: 'Learning: AUROC on patients held back', unit: '' },
  { figure: 'ap', title: 'Average precision on patients held back', unit: '' },
  { figure: 'ece', title: 'Calibration error (adaptive ECE)', unit: '' },
  { figure: 'brier', title: 'Brier score', unit: '' },
  { figure: 'seconds', title: 'Time of a round', unit: ' s' },
];

/** The report as one HTML page that needs nothing else: no script, no font, no address. */
export function reportPage(settings: Readonly<Record<string, unknown>>, runs: readonly Run[], lines: readonly ReportLine[]): string {
  const tasks = [...new Set(runs.map(({ task }) => task))];
  const body = tasks.flatMap((task) => {
    const own = runs.filter((run) => run.task === task);
    return [
      `<h2>${escape(task)}</h2>`,
      linesTable(lines.filter((line) => line.task === task)),
      ...charts.map(({ figure, title, unit }) => chart(title, unit, seriesOf(own, figure))),
    ];
  });
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>Collimate: simulation</title>
<style>
body { font: 15px/1.5 system-ui, sans-serif; max-width: 64rem; margin: 2rem auto; padding: 0 1rem; color: #1b1b1b; background: #fff; }
figure { display: inline-block; margin: 1rem 1rem 1rem 0; vertical-align: top; }
figcaption { font-weight: 600; }
table { border-collapse: collapse; } th, td { padding: 0.2rem 0.8rem; text-align: right; border-bottom: 1px solid #ddd; } th:first-child, td:first-child { text-align: left; }
text { font: 11px system-ui, sans-serif; fill: #444; } .axis { stroke: #999; } .grid { stroke: #e6e6e6; }
dl { display: grid; grid-template-columns: max-content auto; gap: 0 1rem; } dd { margin: 0; }
</style>
</head>
<body>
<h1>Simulation of labeling</h1>
<p>A pool whose truth is known is labelled by each strategy; the very head that chose is judged on patients held back. Curves are means over seeds, the bands 95 % intervals of the mean.</p>
${body.join('\n')}
<h2>Settings</h2>
<dl>${Object.entries(settings)
    .map(([name, value]) => `<dt>${escape(name)}</dt><dd>${escape(Array.isArray(value) ? value.join(', ') : String(value))}</dd>`)
    .join('')}</dl>
</body>
</html>
`;
}

const escape = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');

function linesTable(lines: readonly ReportLine[]): string {
  const percent = (share: number) => `${(100 * share).toFixed(0)} %`;
  const rows = lines.map(
    ({ strategy, head, alc, saved, interval }) =>
      `<tr><td>${escape(strategy)}, head ${escape(head)}</td><td>${alc === null ? '' : alc.toFixed(3)}</td><td>${saved === null ? '' : percent(saved)}</td><td>${interval ? `${percent(interval[0])} to ${percent(interval[1])}` : ''}</td></tr>`,
  );
  return `<table><thead><tr><th scope="col">strategy</th><th scope="col">area under the learning curve</th><th scope="col">labels saved against random</th><th scope="col">95 % interval</th></tr></thead><tbody>${rows.join('')}</tbody></table>`;
}

function seriesOf(runs: readonly Run[], figure: Figure): Series[] {
  const strategies = [...new Set(runs.map(({ strategy }) => strategy))];
  const heads = [...new Set(runs.map(({ head }) => head))];
  return strategies.flatMap((strategy, s) =>
    heads.map((head, h) => {
      const own = runs.filter((run) => run.strategy === strategy && run.head === head);
      const points = (own[0]?.points ?? []).flatMap(({ labels }) => {
        const values = own.flatMap((run) =>
          valueOf(
            run.points.find((point) => point.labels === labels),
            figure,
          ),
        );
        return values.length === 0 ? [] : [{ n: labels, ...meanAndHalf(values) }];
      });
      const name = heads.length > 1 ? `${strategy}, ${head}` : strategy;
      return { name, colour: COLOURS[s % COLOURS.length] ?? '', dash: DASHES[h % DASHES.length] ?? '', points };
    }),
  );
}

function valueOf(point: Point | undefined, figure: Figure): number[] {
  const value = point?.[figure];
  return value === null || value === undefined ? [] : [value];
}

function meanAndHalf(values: readonly number[]): { mean: number; half: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / Math.max(1, values.length - 1);
  return { mean, half: values.length > 1 ? 1.96 * Math.sqrt(variance / values.length) : 0 };
}

/** Labels on a logarithmic axis. */
function chart(title: string, unit: string, series: readonly Series[]): string {
  const points = series.flatMap((one) => one.points);
  if (points.length === 0) return '';
  const counts = [...new Set(points.map(({ n }) => n))].sort((a, b) => a - b);
  const [first, last] = [counts[0] ?? 1, counts.at(-1) ?? 1];
  const ticks = ticksOf(Math.min(...points.map(({ mean, half }) => mean - half)), Math.max(...points.map(({ mean, half }) => mean + half)));
  const [low, high] = [ticks[0] ?? 0, ticks.at(-1) ?? 1];
  const x = (n: number) =>
    MARGIN.left + (last > first ? Math.log(n / first) / Math.log(last / first) : 0.5) * (WIDTH - MARGIN.left - MARGIN.right);
  const y = (value: number) => HEIGHT - MARGIN.bottom - ((value - low) / (high - low || 1)) * (HEIGHT - MARGIN.top - MARGIN.bottom);
  const at = (n: number, value: number) => `${x(n).toFixed(1)},${y(value).toFixed(1)}`;
  const grid = ticks.map(
    (value) =>
      `<line class="grid" x1="${MARGIN.left}" x2="${WIDTH - MARGIN.right}" y1="${y(value).toFixed(1)}" y2="${y(value).toFixed(1)}"/><text x="${MARGIN.left - 6}" y="${(y(value) + 4).toFixed(1)}" text-anchor="end">${shown(value, high - low)}${unit}</text>`,
  );
  const labels = counts.map((n) => `<text x="${x(n).toFixed(1)}" y="${HEIGHT - MARGIN.bottom + 16}" text-anchor="middle">${n}</text>`);
  const drawn = series.map(({ colour, dash, points: own }) => {
    const band = [
      ...own.map(({ n, mean, half }) => at(n, mean + half)),
      ...[...own].reverse().map(({ n, mean, half }) => at(n, mean - half)),
    ];
    const line = own.map(({ n, mean }) => at(n, mean));
    const dots = own.map(({ n, mean }) => `<circle cx="${x(n).toFixed(1)}" cy="${y(mean).toFixed(1)}" r="2.5" fill="${colour}"/>`);
    return `<polygon points="${band.join(' ')}" fill="${colour}" opacity="0.12"/><polyline points="${line.join(' ')}" fill="none" stroke="${colour}" stroke-width="1.8" stroke-dasharray="${dash}"/>${dots.join('')}`;
  });
  const legend = series.map(({ name, colour }) => `<span style="color:${colour}">&#9644;</span> ${escape(name)}`).join(' &nbsp; ');
  return `<figure><figcaption>${title}</figcaption><svg width="${WIDTH}" height="${HEIGHT}" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${title} by number of labels">${grid.join('')}<line class="axis" x1="${MARGIN.left}" x2="${WIDTH - MARGIN.right}" y1="${HEIGHT - MARGIN.bottom}" y2="${HEIGHT - MARGIN.bottom}"/>${labels.join('')}${drawn.join('')}<text x="${WIDTH / 2}" y="${HEIGHT - 4}" text-anchor="middle">labels</text></svg><div>${legend}</div></figure>`;
}

/** About five round values that span the range. */
function ticksOf(low: number, high: number): number[] {
  const span = high - low || Math.abs(high) || 1;
  const rough = span / 5;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 5].find((factor) => factor * power >= rough) ?? 10) * power;
  const from = Math.floor(low / step);
  const to = Math.max(from + 1, Math.ceil(high / step));
  return Array.from({ length: to - from + 1 }, (_, i) => (from + i) * step);
}

const shown = (value: number, span: number) => value.toFixed(Math.max(0, Math.min(4, 1 - Math.floor(Math.log10(span)))));
