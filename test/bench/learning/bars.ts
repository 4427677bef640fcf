import { bootstrapped, labelsSaved, meanCurve, pairedDifference, type Range } from '../../../src/trainer/evaluation/learning-curves';
import type { Run } from '../../../src/trainer/evaluation/simulate';
import { others, type Job, type Outcome } from './jobs';
import { taskCards, type TaskCard } from './tasks';

/** Labels at which random picks with the same head set the target of the queue alone. */
const QUEUE_LABELS = 100;

/** The table of bars in Markdown: met or missed, and by how much. */
export function bars(outcomes: readonly Outcome[]): string {
  const of = (card: TaskCard, match: Partial<Job>) =>
    outcomes
      .filter(({ job }) => job.task === card.name && Object.entries(match).every(([name, value]) => job[name as keyof Job] === value))
      .sort((a, b) => a.job.seed - b.job.seed);
  const runsOf = (card: TaskCard, match: Partial<Job>) => of(card, match).flatMap(({ run }) => (run ? [run] : []));
  const six = taskCards.filter((card) => card.target !== null && of(card, {}).length > 0);
  return [
    ...curves(six, runsOf),
    ...saved(six, runsOf),
    ...coldStart(
      taskCards.filter((card) => of(card, { part: 'coldstart' }).length > 0),
      runsOf,
    ),
    ...calibration(six, runsOf),
    ...rare(six, of),
    ...suspects(six, of),
    ...covered(six, of),
    ...variants(six, runsOf),
    ...time(six, runsOf),
    ...quick(outcomes),
    '',
  ].join('\n');
}

type RunsOf = (card: TaskCard, match: Partial<Job>) => Run[];
type OutcomesOf = (card: TaskCard, match: Partial<Job>) => Outcome[];
const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;
const percent = (value: number) => `${(100 * value).toFixed(0)} %`;
const range = ({ low, high }: Range, show: (value: number) => string) => `${show(low)} to ${show(high)}`;
const verdict = (met: boolean) => (met ? 'met' : 'MISSED');
const three = (value: number) => value.toFixed(3);
const part = 'curves' as const;

function curves(cards: readonly TaskCard[], runsOf: RunsOf): string[] {
  const lines = cards.flatMap((card) =>
    (['random', 'auto', ...others] as const).flatMap((strategy) => {
      const runs = runsOf(card, { part: (others as readonly string[]).includes(strategy) ? 'others' : part, strategy });
      if (runs.length === 0) return [];
      const kinds = runs.flatMap(({ points }) => points.map(({ kind }) => kind));
      const logistic = percent(kinds.filter((kind) => kind === 'logistic').length / kinds.length);
      return [
        `| ${card.name} | ${strategy} | ${String(runs.length)} | ${meanCurve(runs)
          .map(([, value]) => three(value))
          .join(' ')} | ${logistic} |`,
      ];
    }),
  );
  return [
    '## AUROC on other patients at 10 20 30 50 75 100 150 200 300 labels',
    '',
    '| task | strategy | seeds | AUROC | logistic |',
    '|---|---|---|---|---|',
    ...lines,
    '',
  ];
}

function saved(cards: readonly TaskCard[], runsOf: RunsOf): string[] {
  const lines: string[] = [];
  const whole: number[] = [];
  const queue: number[] = [];
  for (const card of cards) {
    const auto = runsOf(card, { part, strategy: 'auto' });
    const random = runsOf(card, { part, strategy: 'random' });
    if (auto.length === 0 || auto.length !== random.length || card.target === null) continue;
    const target = card.target;
    const wholeOf = (runs: readonly Run[]) => labelsSaved(meanCurve(runs), target, 200);
    const queueOf = (runs: readonly Run[], base: readonly Run[]) => {
      const curve = meanCurve(base);
      return labelsSaved(meanCurve(runs), curve.find(([labels]) => labels === QUEUE_LABELS)?.[1] ?? NaN, QUEUE_LABELS);
    };
    const [a, b] = [wholeOf(auto), queueOf(auto, random)];
    const difference = pairedDifference(auto, random, 20);
    if (card.counted) {
      whole.push(a);
      queue.push(b);
    }
    lines.push(
      `| ${card.name} | ${percent(a)} (${range(bootstrapped(auto, random, wholeOf), percent)})${card.counted ? ` ${verdict(a >= 0.5)}` : ''} | ` +
        `${percent(b)} (${range(bootstrapped(auto, random, queueOf), percent)}) | ` +
        `${three(difference.mean)} (${range(difference, three)}) ${verdict(difference.high > -0.01)} |`,
    );
  }
  return [
    '## Bar 2: labels saved',
    '',
    `(a) whole app, mean ${percent(mean(whole))} (bar 70 %): ${verdict(mean(whole) >= 0.7)}; (b) queue alone, mean ${percent(mean(queue))} (bar 35 %): ${verdict(mean(queue) >= 0.35)}`,
    '',
    '| task | (a) whole app, each >= 50 % | (b) queue alone | (c) mean AUROC over random |',
    '|---|---|---|---|',
    ...lines,
    '',
  ];
}

function coldStart(cards: readonly TaskCard[], runsOf: RunsOf): string[] {
  const lines = cards.map((card) => {
    const runs = runsOf(card, { part: 'coldstart' });
    const complete = runs.filter(({ points: [first] }) => {
      const counts = first?.present ?? [];
      if (card.task === 'multiclass') return counts.every((count) => count > 0);
      return counts.every((count, f) => (runs[0]?.prevalence[f] ?? 0) < 0.1 || (count > 0 && count < 20));
    }).length;
    const area = mean(runs.flatMap(({ points: [first] }) => (first?.auroc === null || first?.auroc === undefined ? [] : [first.auroc])));
    return `| ${card.name} | ${String(complete)} of ${String(runs.length)} | ${three(area)} | ${verdict(complete >= 0.95 * runs.length)} |`;
  });
  return lines.length === 0
    ? []
    : [
        '## Bar 3: cold start, every class of 10 % or more seen in 20 labels',
        '',
        '| task | seeds | AUROC at 20 | |',
        '|---|---|---|---|',
        ...lines,
        '',
      ];
}

function calibration(cards: readonly TaskCard[], runsOf: RunsOf): string[] {
  const lines = cards.flatMap((card) =>
    (['random', 'auto', 'audit'] as const).map((name) => {
      const runs = name === 'audit' ? runsOf(card, { part: 'audit' }) : runsOf(card, { part, strategy: name });
      const points = runs.flatMap((run) => run.points.filter(({ labels }) => labels >= 100));
      if (points.length === 0) return '';
      const of = (key: 'ece' | 'eceByChance' | 'brier' | 'brierOfPrevalence') => mean(points.flatMap((point) => point[key] ?? []));
      const within = mean(points.map(({ ece, eceByChance }) => ((ece ?? 1) <= (eceByChance ?? 0) ? 1 : 0)));
      return (
        `| ${card.name} | ${name} | ${three(of('ece'))} | ${three(of('eceByChance'))} | ${percent(within)} | ${verdict(of('ece') <= of('eceByChance'))} | ` +
        `${three(of('brier'))} | ${three(of('brierOfPrevalence'))} | ${verdict(of('brier') < of('brierOfPrevalence'))} |`
      );
    }),
  );
  return [
    '## Bar 4: calibration on other patients from 100 labels on (means over seeds and checkpoints)',
    '',
    '| task | picks | ECE | 95 % of chance | runs within | | Brier | of prevalence | |',
    '|---|---|---|---|---|---|---|---|---|',
    ...lines.filter((line) => line !== ''),
    '',
  ];
}

function rare(cards: readonly TaskCard[], of: OutcomesOf): string[] {
  const lines = cards.flatMap((card) => {
    const found = of(card, { part: 'rare' }).flatMap(({ rare: one }) => (one ? [one] : []));
    if (found.length === 0) return [];
    const recall = mean(found.map(({ recall20 }) => recall20));
    const wss = mean(found.map(({ wss95 }) => wss95));
    const strict = card.name.startsWith('NORMAL') || card.name.startsWith('view');
    const met = strict ? recall >= 0.8 && wss >= 0.6 : recall >= 0.4;
    return [
      `| ${card.name} | ${String(found.length)} | ${mean(found.map(({ present }) => present)).toFixed(0)} of ${mean(found.map(({ pool }) => pool)).toFixed(0)} | ${three(recall)} | ${three(wss)} | ${strict ? '.80 and .60' : '.40'} | ${verdict(met)} |`,
    ];
  });
  return lines.length === 0
    ? []
    : [
        '## Bar 5: rare search at 2 % from one image',
        '',
        '| task | seeds | present | recall at 20 % | WSS@95 | bar | |',
        '|---|---|---|---|---|---|---|',
        ...lines,
        '',
      ];
}

function suspects(cards: readonly TaskCard[], of: OutcomesOf): string[] {
  const lines = cards.flatMap((card) =>
    [0.05, 0.1].flatMap((flips) => {
      const all = of(card, { part: 'noise', flips }).flatMap(({ noise }) => (noise ? [noise] : []));
      if (all.length === 0) return [];
      const precision = all.reduce((sum, { hits }) => sum + hits, 0) / all.reduce((sum, { flipped }) => sum + flipped, 0);
      const rate = all.reduce((sum, { flipped }) => sum + flipped, 0) / all.reduce((sum, { labels }) => sum + labels, 0);
      const bar = card.name.startsWith('NORMAL') || card.name.startsWith('view') ? 4 : 2;
      return [
        `| ${card.name} | ${percent(flips)} | ${String(all.length)} | ${three(precision)} | ${(precision / rate).toFixed(1)} | ${String(bar)} | ${verdict(precision / rate >= bar)} |`,
      ];
    }),
  );
  return lines.length === 0
    ? []
    : [
        '## Bar 6: label noise, 200 labels',
        '',
        '| task | flips | seeds | precision of the top k | times the rate | bar | |',
        '|---|---|---|---|---|---|---|',
        ...lines,
        '',
      ];
}

function covered(cards: readonly TaskCard[], of: OutcomesOf): string[] {
  const lines = cards.flatMap((card) => {
    const all = of(card, { part: 'conformal' }).flatMap(({ conformal }) => (conformal ? [conformal] : []));
    if (all.length === 0) return [];
    const coverage = mean(all.map(({ coverage: one }) => one));
    const half = 2.576 * Math.sqrt(mean(all.map(({ variance }) => variance)) / all.length);
    const expected = mean(all.map(({ expected: one }) => one));
    return [
      `| ${card.name} | ${String(all.length)} | ${three(coverage)} | ${three(expected - half)} to ${three(expected + half)} | ${mean(all.map(({ size }) => size)).toFixed(2)} | ${verdict(Math.abs(coverage - expected) <= half)} |`,
    ];
  });
  return lines.length === 0
    ? []
    : [
        '## Bar 4: conformal sets from 50 audit draws, alpha 10 %',
        '',
        '| task | seeds | coverage | 99 % band | mean size | |',
        '|---|---|---|---|---|---|',
        ...lines,
        '',
      ];
}

function variants(cards: readonly TaskCard[], runsOf: RunsOf): string[] {
  const lines = cards.flatMap((card) =>
    (
      [
        ['audit 0.15, audits counted', { part: 'audit' }],
        ['5 % flips', { part: 'flips', flips: 0.05 }],
        ['10 % flips', { part: 'flips', flips: 0.1 }],
      ] as const
    ).flatMap(([name, match]) => {
      const runs = runsOf(card, match);
      return runs.length === 0
        ? []
        : [
            `| ${card.name} | ${name} | ${String(runs.length)} | ${meanCurve(runs)
              .map(([, value]) => three(value))
              .join(' ')} |`,
          ];
    }),
  );
  return lines.length === 0
    ? []
    : ['## The app with audits and wrong answers', '', '| task | | seeds | AUROC |', '|---|---|---|---|', ...lines, ''];
}

function time(cards: readonly TaskCard[], runsOf: RunsOf): string[] {
  const seconds = cards
    .flatMap((card) => runsOf(card, { part, strategy: 'auto' }).flatMap(({ points }) => points.map((point) => point.seconds)))
    .sort((a, b) => a - b);
  const at = (share: number) => (seconds[Math.floor(share * (seconds.length - 1))] ?? 0).toFixed(2);
  return seconds.length === 0
    ? []
    : [
        `Full rounds with fit, C search, folds, calibration and queue: p50 ${at(0.5)} s, p95 ${at(0.95)} s (the machine shared with others).`,
      ];
}

const QUICK_BAR = new Map([
  [10_000, 100],
  [100_000, 250],
]);
const FULL_BAR = new Map([
  [1, 1500],
  [14, 4000],
]);

function quick(outcomes: readonly Outcome[]): string[] {
  const lines = outcomes.flatMap(({ times }) => {
    if (!times) return [];
    const at = (of: 'cpu' | 'wall', share: number) => {
      const sorted = times.quick.map((one) => one[of]).sort((a, b) => a - b);
      return sorted[Math.floor(share * (sorted.length - 1))] ?? NaN;
    };
    const show = (of: 'cpu' | 'wall') => `${at(of, 0.5).toFixed(0)} / ${at(of, 0.95).toFixed(0)}`;
    const bar = QUICK_BAR.get(times.images);
    const full = times.images === 3000 ? FULL_BAR.get(times.findings) : undefined;
    return [
      `| ${String(times.images)} x ${String(times.findings)} | ${show('wall')} | ${show('cpu')} | ${bar === undefined ? '' : `${String(bar)} ${verdict(at('wall', 0.95) <= bar)}`} | ` +
        `${times.full.wall.toFixed(0)} | ${times.full.cpu.toFixed(0)} | ${full === undefined ? '' : `${String(full)} ${verdict(times.full.wall <= full)}`} |`,
    ];
  });
  return lines.length === 0
    ? []
    : [
        '',
        '## Bar 7: time in ms (p50 / p95 of the quick path; one full round), 500 labels, d = 384',
        '',
        '| images x findings | clock | processor | bar | full, clock | full, processor | bar |',
        '|---|---|---|---|---|---|---|',
        ...lines,
      ];
}
