import type { Point, Run } from '../../trainer/evaluation/simulate';
import type { ReportLine } from './report';
import { chartFigure, escape, whiskerFigure, type Chart, type Series } from './report-chart';

type Figure = 'auroc' | 'ap' | 'brier' | 'ece' | 'seconds';
type Reference = 'brierOfPrevalence' | 'eceByChance';

const charts: readonly (Pick<Chart, 'title' | 'about' | 'unit' | 'bounds'> & {
  figure: Figure;
  reference?: { figure: Reference; name: string };
})[] = [
  {
    figure: 'auroc',
    title: 'Learning',
    about: 'AUROC on patients held back: 0.5 is chance, 1 is perfect. The higher a curve, and the sooner, the better.',
    unit: '',
    bounds: [0, 1],
  },
  {
    figure: 'ap',
    title: 'Average precision',
    about: 'Area under precision and recall on patients held back; what chance reaches is the prevalence.',
    unit: '',
    bounds: [0, 1],
  },
  {
    figure: 'ece',
    title: 'Calibration error',
    about: 'By how much probabilities are off on average (adaptive ECE). Lower is better.',
    unit: '',
    bounds: [0, 1],
    reference: { figure: 'eceByChance', name: 'below it, an error is no evidence of miscalibration (95 % of perfectly calibrated heads)' },
  },
  {
    figure: 'brier',
    title: 'Brier score',
    about: 'Mean squared difference of probability and truth. Lower is better.',
    unit: '',
    bounds: [0, 1],
    reference: { figure: 'brierOfPrevalence', name: 'always answering the prevalence' },
  },
  {
    figure: 'seconds',
    title: 'Time of a round',
    about: 'From the answers to the next queue, with cross-validation and calibration, on the machine of the simulation.',
    unit: ' s',
    bounds: [0, Infinity],
  },
];

/** How many classes of colour and dash the page knows. */
const COLOURS = 7;
const DASHES = 3;

/** Okabe and Ito's colours, told apart by all kinds of sight, darkened or lightened where the ground asks for it. */
const style = `
:root { color-scheme: light dark; --ground: #fff; --text: #1b1b1b; --soft: #555; --line: #ddd; --grid: #ebebeb; --c0: #0072b2; --c1: #c24e00; --c2: #00805c; --c3: #b1568d; --c4: #a87400; --c5: #2b87bd; --c6: #000; }
@media (prefers-color-scheme: dark) { :root { --ground: #111214; --text: #e8e9eb; --soft: #a8abb2; --line: #3a3d44; --grid: #26282d; --c0: #56b4e9; --c1: #f0843c; --c2: #2fc79b; --c3: #e29cc4; --c4: #e6b422; --c5: #8fd0f5; --c6: #fff; } }
* { box-sizing: border-box; }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 76rem; margin: 2rem auto; padding: 0 1.25rem; color: var(--text); background: var(--ground); }
h1 { font-size: 1.6rem; margin: 0 0 0.5rem; } h2 { font-size: 1.2rem; margin: 2rem 0 0.5rem; } p { max-width: 76ch; }
.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 30rem), 1fr)); gap: 1.75rem 2.5rem; margin-top: 1.5rem; }
figure { margin: 0; min-width: 0; } figcaption { min-height: 4.5em; } figcaption span { color: var(--soft); } svg { width: 100%; height: auto; display: block; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; } th, td { padding: 0.25rem 0.9rem 0.25rem 0; text-align: right; border-bottom: 1px solid var(--line); font-weight: 400; white-space: nowrap; } th:first-child, td:first-child { text-align: left; } thead th { color: var(--soft); }
.wide { overflow-x: auto; } details { margin-top: 0.25rem; font-size: 0.87rem; } summary { color: var(--soft); cursor: pointer; }
text { font: 11px system-ui, sans-serif; fill: var(--soft); } text.name { font-size: 12px; fill: var(--text); }
.axis { stroke: var(--soft); } .grid { stroke: var(--grid); } .reference { fill: none; stroke: var(--soft); stroke-width: 1.5; stroke-dasharray: 1 4; stroke-linecap: round; }
polyline, .whisker { fill: none; stroke: currentColor; stroke-width: 2; } polygon { fill: currentColor; opacity: 0.14; } circle { fill: currentColor; }
.d1 polyline { stroke-dasharray: 7 4; } .d2 polyline { stroke-dasharray: 2 4; }
${Array.from({ length: COLOURS }, (_, i) => `.c${i} { color: var(--c${i}); }`).join(' ')}
.legend { display: flex; flex-wrap: wrap; gap: 0.25rem 1.5rem; margin: 0.75rem 0; padding: 0; list-style: none; } .legend li { display: flex; align-items: center; gap: 0.5rem; } .legend svg { width: 36px; height: 12px; } .legend span { color: var(--text); }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 0 1.25rem; } dt { color: var(--soft); } dd { margin: 0; overflow-wrap: anywhere; }
@media print { body { margin: 0; } figure { break-inside: avoid; } }
`;

/** The report as one HTML page that needs nothing else: no script, no font, no address. */
export function reportPage(settings: Readonly<Record<string, unknown>>, runs: readonly Run[], lines: readonly ReportLine[]): string {
  const tasks = [...new Set(runs.map(({ task }) => task))];
  const body = tasks.flatMap((task) => {
    const own = runs.filter((run) => run.task === task);
    const ownLines = lines.filter((line) => line.task === task);
    return [
      `<section><h2>${escape(task)}</h2>`,
      legend(seriesOf(own, 'auroc')),
      linesTable(ownLines),
      `<div class="figures">${charts
        .slice(0, 1)
        .map((chart) => figureOf(own, chart))
        .join('')}${savedFigure(own, ownLines)}${charts
        .slice(1)
        .map((chart) => figureOf(own, chart))
        .join('')}</div></section>`,
    ];
  });
  const seeds = new Set(runs.map(({ seed }) => seed)).size;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>Collimate: simulation</title>
<style>${style}</style>
</head>
<body>
<main>
<h1>Simulation of labeling</h1>
<p>A pool whose truth is known is labelled by each strategy, the truth answering; the very head that chose is judged on patients held back. ${
    seeds > 1
      ? `Curves are means over ${seeds} seeds, each with other patients held back; bands are 95 % intervals of the mean (Student's t).`
      : 'One seed: there are no intervals, and a difference may be luck.'
  }</p>
${body.join('\n')}
<section><h2>Settings</h2>
<dl>${Object.entries(settings)
    .map(([name, value]) => `<dt>${escape(name)}</dt><dd>${escape(Array.isArray(value) ? value.join(', ') : String(value))}</dd>`)
    .join('')}</dl></section>
</main>
</body>
</html>
`;
}

function legend(series: readonly Series[]): string {
  const entries = series.map(
    ({ name, colour, dash }) =>
      `<li class="c${colour} d${dash}"><svg viewBox="0 0 36 12" aria-hidden="true"><polyline points="0,6 36,6"/></svg><span>${escape(name)}</span></li>`,
  );
  return `<ul class="legend" aria-label="Strategies">${entries.join('')}</ul>`;
}

const percent = (share: number) => `${(100 * share).toFixed(0)} %`;

function linesTable(lines: readonly ReportLine[]): string {
  const rows = lines.map(
    ({ strategy, head, alc, saved, interval }) =>
      `<tr><th scope="row">${escape(strategy)}, head ${escape(head)}</th><td>${alc === null ? '–' : alc.toFixed(3)}</td><td>${saved === null ? '–' : percent(saved)}</td><td>${interval ? `${percent(interval[0])} to ${percent(interval[1])}` : '–'}</td></tr>`,
  );
  return `<div class="wide" tabindex="0" role="region" aria-label="Summary"><table><thead><tr><th scope="col">strategy</th><th scope="col">area under the learning curve (0 chance, 1 perfect)</th><th scope="col">labels saved against random</th><th scope="col">95 % interval</th></tr></thead><tbody>${rows.join('')}</tbody></table></div>`;
}

function savedFigure(runs: readonly Run[], lines: readonly ReportLine[]): string {
  const heads = new Set<string>(runs.map(({ head }) => head));
  const strategies = [...new Set<string>(runs.map(({ strategy }) => strategy))];
  const compared = lines.flatMap(({ strategy, head, saved, interval, target }) =>
    saved === null
      ? []
      : [
          {
            name: nameOf(strategy, head, heads.size > 1),
            colour: strategies.indexOf(strategy) % COLOURS,
            value: saved,
            range: interval,
            target,
          },
        ],
  );
  const target = compared[0]?.target;
  const about = target
    ? `Share of labels that random picks need and the strategy does not, to reach what random picks reach with ${target.labels} labels (AUROC ${target.auroc.toFixed(3)}${heads.size > 1 ? ', by head' : ''}). Whiskers: 95 % bootstrap interval over the seeds.`
    : '';
  return whiskerFigure('Labels saved', about, compared);
}

function figureOf(runs: readonly Run[], { figure, reference, ...chart }: (typeof charts)[number]): string {
  return chartFigure({ ...chart, series: seriesOf(runs, figure), reference: reference ? referenceOf(runs, reference) : null });
}

const nameOf = (strategy: string, head: string, several: boolean) => (several ? `${strategy}, ${head}` : strategy);

function seriesOf(runs: readonly Run[], figure: Figure): Series[] {
  const strategies = [...new Set(runs.map(({ strategy }) => strategy))];
  const heads = [...new Set(runs.map(({ head }) => head))];
  return strategies.flatMap((strategy, s) =>
    heads.map((head, h) => {
      const own = runs.filter((run) => run.strategy === strategy && run.head === head);
      const points = labelsOf(own).flatMap((n) => {
        const values = valuesAt(own, n, figure);
        return values.length === 0 ? [] : [{ n, ...meanAndHalf(values) }];
      });
      return { name: nameOf(strategy, head, heads.length > 1), colour: s % COLOURS, dash: h % DASHES, points };
    }),
  );
}

/** One line for all: the means of the runs differ by less than the line is wide. */
function referenceOf(runs: readonly Run[], { figure, name }: { figure: Reference; name: string }): Chart['reference'] {
  const points = labelsOf(runs).flatMap((n) => {
    const values = valuesAt(runs, n, figure);
    return values.length === 0 ? [] : [{ n, mean: values.reduce((sum, each) => sum + each, 0) / values.length }];
  });
  return points.length === 0 ? null : { name, points };
}

const labelsOf = (runs: readonly Run[]): number[] => (runs[0]?.points ?? []).map(({ labels }) => labels);

function valuesAt(runs: readonly Run[], labels: number, figure: Figure | Reference): number[] {
  return runs.flatMap(({ points }) => {
    const point: Point | undefined = points.find((each) => each.labels === labels);
    const value = point?.[figure];
    return value === null || value === undefined ? [] : [value];
  });
}

/** 97.5 % points of Student's t at 1 to 30 degrees of freedom; the normal's beyond. */
const STUDENT = [
  12.71, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.16, 2.145, 2.131, 2.12, 2.11, 2.101, 2.093, 2.086,
  2.08, 2.074, 2.069, 2.064, 2.06, 2.056, 2.052, 2.048, 2.045, 2.042,
];

function meanAndHalf(values: readonly number[]): { mean: number; half: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  if (values.length < 2) return { mean, half: 0 };
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1);
  return { mean, half: (STUDENT[values.length - 2] ?? 1.96) * Math.sqrt(variance / values.length) };
}
