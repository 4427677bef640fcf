/** A curve: values by number of labels with half the width of a 95 % interval. */
export interface Series {
  readonly name: string;
  /** Colour and dash are the page's classes c0.. and d0... */
  readonly colour: number;
  readonly dash: number;
  readonly points: readonly { readonly n: number; readonly mean: number; readonly half: number }[];
}

export interface Chart {
  readonly title: string;
  /** What the figure says and how to read it. */
  readonly about: string;
  readonly unit: string;
  /** No value lies outside, whatever its interval. */
  readonly bounds: readonly [number, number];
  readonly series: readonly Series[];
  /** A value to compare with, by number of labels, and its name. */
  readonly reference: { readonly name: string; readonly points: readonly { readonly n: number; readonly mean: number }[] } | null;
}

/** A share with its interval, drawn as a dot and a whisker. */
export interface Whisker {
  readonly name: string;
  readonly colour: number;
  readonly value: number;
  readonly range: readonly [number, number] | null;
}

const WIDTH = 560;
const HEIGHT = 300;
const MARGIN = { left: 56, right: 14, top: 14, bottom: 40 };

export const escape = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');

/** Lines over labels on a logarithmic axis, with bands and a table of the values. */
export function chartFigure({ title, about, unit, bounds, series, reference }: Chart): string {
  const points = series.flatMap((one) => one.points);
  if (points.length === 0) return '';
  const counts = [...new Set(points.map(({ n }) => n))].sort((a, b) => a - b);
  const [first, last] = [counts[0] ?? 1, counts.at(-1) ?? 1];
  const within = (value: number) => Math.min(bounds[1], Math.max(bounds[0], value));
  const edges = [
    ...points.flatMap(({ mean, half }) => [within(mean - half), within(mean + half)]),
    ...(reference?.points ?? []).map(({ mean }) => mean),
  ];
  const ticks = ticksOf(Math.min(...edges), Math.max(...edges));
  const [low, high] = [ticks[0] ?? 0, ticks.at(-1) ?? 1];
  const x = (n: number) =>
    MARGIN.left + (last > first ? Math.log(n / first) / Math.log(last / first) : 0.5) * (WIDTH - MARGIN.left - MARGIN.right);
  const y = (value: number) => HEIGHT - MARGIN.bottom - ((within(value) - low) / (high - low || 1)) * (HEIGHT - MARGIN.top - MARGIN.bottom);
  const at = (n: number, value: number) => `${x(n).toFixed(1)},${y(value).toFixed(1)}`;
  const grid = ticks.map(
    (value) =>
      `<line class="grid" x1="${MARGIN.left}" x2="${WIDTH - MARGIN.right}" y1="${y(value).toFixed(1)}" y2="${y(value).toFixed(1)}"/><text x="${MARGIN.left - 8}" y="${(y(value) + 4).toFixed(1)}" text-anchor="end">${shown(value, high - low)}${unit}</text>`,
  );
  const labels = counts.map((n) => `<text x="${x(n).toFixed(1)}" y="${HEIGHT - MARGIN.bottom + 16}" text-anchor="middle">${n}</text>`);
  const drawn = series.map(({ name, colour, dash, points: own }) => {
    const band = [
      ...own.map(({ n, mean, half }) => at(n, mean + half)),
      ...[...own].reverse().map(({ n, mean, half }) => at(n, mean - half)),
    ];
    const line = own.map(({ n, mean }) => at(n, mean));
    const dots = own.map(
      ({ n, mean, half }) =>
        `<circle cx="${x(n).toFixed(1)}" cy="${y(mean).toFixed(1)}" r="3"><title>${escape(name)}, ${n} labels: ${value(mean, half, unit)}</title></circle>`,
    );
    return `<g class="c${colour} d${dash}"><polygon points="${band.join(' ')}"/><polyline points="${line.join(' ')}"/>${dots.join('')}</g>`;
  });
  const compared = reference
    ? `<path class="reference" d="M${reference.points.map(({ n, mean }) => at(n, mean)).join(' L')}"><title>${escape(reference.name)}</title></path>`
    : '';
  const note = reference ? ` Dotted: ${escape(reference.name)}.` : '';
  return `<figure><figcaption><strong>${title}</strong> <span>${about}${note}</span></figcaption><svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${title} by number of labels">${grid.join('')}<line class="axis" x1="${MARGIN.left}" x2="${WIDTH - MARGIN.right}" y1="${HEIGHT - MARGIN.bottom}" y2="${HEIGHT - MARGIN.bottom}"/>${labels.join('')}${compared}${drawn.join('')}<text x="${(WIDTH + MARGIN.left) / 2}" y="${HEIGHT - 6}" text-anchor="middle">labels</text></svg>${valuesTable(counts, series, unit)}</figure>`;
}

/** Shares from 0 to 100 %, each with its interval; below zero where more labels are needed than for the baseline. */
export function whiskerFigure(title: string, about: string, whiskers: readonly Whisker[]): string {
  if (whiskers.length === 0) return '';
  const height = 34 + whiskers.length * 30;
  const ends = whiskers.flatMap(({ value: share, range }) => [share, ...(range ?? [])]);
  const low = Math.min(0, Math.floor(Math.min(...ends) * 4) / 4);
  const left = 170;
  const x = (share: number) => left + ((share - low) / (1 - low)) * (WIDTH - left - 60);
  const ticks = Array.from({ length: Math.round((1 - low) * 4) + 1 }, (_, i) => low + i / 4);
  const grid = ticks.map(
    (share) =>
      `<line class="${share === 0 ? 'axis' : 'grid'}" x1="${x(share).toFixed(1)}" x2="${x(share).toFixed(1)}" y1="4" y2="${height - 26}"/><text x="${x(share).toFixed(1)}" y="${height - 10}" text-anchor="middle">${Math.round(100 * share)} %</text>`,
  );
  const rows = whiskers.map(({ name, colour, value: share, range }, i) => {
    const y = 20 + i * 30;
    const line = range
      ? `<line class="whisker" x1="${x(Math.max(low, range[0])).toFixed(1)}" x2="${x(Math.min(1, range[1])).toFixed(1)}" y1="${y}" y2="${y}"/>`
      : '';
    return `<text class="name" x="${left - 12}" y="${y + 4}" text-anchor="end">${escape(name)}</text><g class="c${colour} d0">${line}<circle cx="${x(share).toFixed(1)}" cy="${y}" r="5"/></g><text class="name" x="${WIDTH - 52}" y="${y + 4}">${Math.round(100 * share)} %</text>`;
  });
  return `<figure><figcaption><strong>${title}</strong> <span>${about}</span></figcaption><svg viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${title}">${grid.join('')}${rows.join('')}</svg></figure>`;
}

function valuesTable(counts: readonly number[], series: readonly Series[], unit: string): string {
  const rows = series.map(({ name, points }) => {
    const cells = counts.map((n) => {
      const point = points.find((each) => each.n === n);
      return `<td>${point ? value(point.mean, point.half, unit) : '–'}</td>`;
    });
    return `<tr><th scope="row">${escape(name)}</th>${cells.join('')}</tr>`;
  });
  return `<details><summary>Values</summary><div class="wide" tabindex="0" role="region" aria-label="Values"><table><thead><tr><th scope="col">labels</th>${counts.map((n) => `<th scope="col">${n}</th>`).join('')}</tr></thead><tbody>${rows.join('')}</tbody></table></div></details>`;
}

const value = (mean: number, half: number, unit: string) => `${mean.toFixed(3)}${half > 0 ? ` ± ${half.toFixed(3)}` : ''}${unit}`;

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

const shown = (number: number, span: number) => number.toFixed(Math.max(0, Math.min(4, 1 - Math.floor(Math.log10(span)))));
