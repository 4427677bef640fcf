import type { Pressed } from './enter';
import type { Checked } from './figures';
import type { Job, Outcome } from './jobs';

/** Fewest audits of either side from which on an AUROC is shown (trainer/evaluation/audit). */
const ENOUGH_FOR_AREA = 5;
/** Where a figure begins to be trusted. */
const FROM = 100;
const MISSED = 0.1;

/** The tables of the README in Markdown. */
export function tables(outcomes: readonly Outcome[]): string {
  const of = (draws: Job['draws']) => outcomes.filter(({ job }) => job.draws === draws);
  return [
    ...audits('Audits of the reserve, 15 %', of('reserve')),
    ...audits('Audits of a reserve of 25 %', of('many')),
    ...audits('25 % of the queries, drawn from what is open', of('open')),
    ...areas([...of('reserve'), ...of('many')]),
    ...withoutIntervals(of('reserve')),
    ...curves(of('reserve')),
    ...entered('Enter on the open images of the pool', of('reserve'), 'open'),
    ...entered("Enter on other patients' images", of('reserve'), 'others'),
    '',
  ].join('\n');
}

const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;
const share = (values: readonly boolean[]) => mean(values.map(Number));
const three = (value: number) => (Number.isNaN(value) ? '' : value.toFixed(3).replace('0.', '.'));
const signed = (value: number) => (Number.isNaN(value) ? '' : `${value < 0 ? '-' : '+'}${three(Math.abs(value))}`);

function byTask(outcomes: readonly Outcome[]): [string, readonly Outcome[]][] {
  return [...new Set(outcomes.map(({ job }) => job.task))].map((task) => [task, outcomes.filter(({ job }) => job.task === task)]);
}

const checkedOf = (outcomes: readonly Outcome[]): readonly Checked[] =>
  outcomes.flatMap(({ checked }) => checked.filter(({ labels }) => labels >= FROM));

interface Shown {
  readonly value: number;
  readonly low: number;
  readonly high: number;
  readonly others: number;
  readonly pool: number;
}

type Figures<T extends string> = readonly ({ readonly value: number; readonly low: number; readonly high: number } & Readonly<
  Record<T, number>
>)[];
const held = <T extends string>(figures: Figures<T>, truth: T) =>
  share(figures.map((one) => one.low <= one[truth] && one[truth] <= one.high));
const bias = <T extends string>(figures: readonly ({ readonly value: number } & Readonly<Record<T, number>>)[], truth: T) =>
  mean(figures.map((one) => one.value - one[truth]));

/** Of the tasks with few findings, as the bar has it: fourteen of which most are rare agree with themselves. */
const counted = (outcomes: readonly Outcome[]) => outcomes.filter(({ job }) => !job.task.includes('fourteen'));

function audits(title: string, outcomes: readonly Outcome[]): string[] {
  if (outcomes.length === 0) return [];
  const line = (name: string, some: readonly Outcome[]) => {
    const checked = checkedOf(some);
    const figures = checked.flatMap(({ accuracy }) => accuracy ?? []);
    const sets = checked.flatMap((one) => one.sets ?? []);
    return `| ${name} | ${String(some.length)} | ${String(figures.length)} | ${three(held(figures, 'others'))} | ${three(held(figures, 'patients'))} | ${three(held(figures, 'pool'))} | ${signed(bias(figures, 'others'))} | ${signed(bias(figures, 'patients'))} | ${signed(bias(figures, 'pool'))} | ${String(sets.length)} | ${three(mean(sets.map((one) => one.others)))} |`;
  };
  return [
    `## ${title}: accuracy and conformal sets, from ${String(FROM)} labels on`,
    '',
    '| task | runs | figures | holds others | by patient | holds pool | bias to others | by patient | to pool | sets | cover (90 %) |',
    '|---|---|---|---|---|---|---|---|---|---|---|',
    ...byTask(outcomes).map(([task, some]) => line(task, some)),
    line('all but the fourteen', counted(outcomes)),
    '',
  ];
}

function areas(outcomes: readonly Outcome[]): string[] {
  if (outcomes.length === 0) return [];
  const of = (some: readonly Outcome[]) => some.flatMap(({ checked }) => checked.flatMap((one) => one.areas));
  const row = (name: string, figures: readonly Shown[]) =>
    `| ${name} | ${String(figures.length)} | ${three(held(figures, 'others'))} | ${three(held(figures, 'pool'))} | ${signed(bias(figures, 'others'))} | ${three(mean(figures.map(({ low, high }) => high - low)))} |`;
  const head = ['| | figures | holds others | holds pool | bias to others | width |', '|---|---|---|---|---|---|'];
  const least = (one: { readonly present: number; readonly absent: number }) => Math.min(one.present, one.absent);
  const shown = (some: readonly Outcome[]) => of(some).filter((one) => least(one) >= ENOUGH_FOR_AREA);
  return [
    '## AUROC of a finding from audits, by the number on the smaller side',
    '',
    ...head,
    ...[1, 2, 3, 4, 5, 6, 8, 10, 15].map((from, i, all) =>
      row(
        `${String(from)}${all[i + 1] === undefined ? ' or more' : ` to ${String((all[i + 1] ?? 0) - 1)}`}`,
        of(outcomes).filter((one) => least(one) >= from && least(one) < (all[i + 1] ?? Infinity)),
      ),
    ),
    '',
    ...head,
    ...byTask(outcomes).map(([task, some]) => row(task, shown(some))),
    row('all but the fourteen', shown(counted(outcomes))),
    '',
  ];
}

function withoutIntervals(outcomes: readonly Outcome[]): string[] {
  if (outcomes.length === 0) return [];
  const line = (name: string, some: readonly Outcome[]) => {
    const checked = checkedOf(some);
    const running = checked.flatMap((one) => one.running ?? []);
    const outOfFold = checked.flatMap((one) => one.outOfFold);
    return `| ${name} | ${signed(bias(outOfFold, 'others'))} | ${signed(bias(outOfFold, 'pool'))} | ${signed(bias(running, 'others'))} | ${signed(bias(running, 'pool'))} |`;
  };
  return [
    '## Figures without intervals, how much too low or high (to others, to the pool)',
    '',
    '| task | AUROC out of fold | | running accuracy | |',
    '|---|---|---|---|---|',
    ...byTask(outcomes).map(([task, some]) => line(task, some)),
    line('all but the fourteen', counted(outcomes)),
    '',
  ];
}

/** Expected gain of 50 labels against what they brought on other patients. */
function curves(outcomes: readonly Outcome[]): string[] {
  const line = (name: string, some: readonly Outcome[]) => {
    const pairs = some.flatMap(({ checked }) =>
      checked.flatMap((one) => {
        const later = checked.find(({ labels }) => labels === one.labels + 50);
        return one.curve && one.auroc !== null && later && later.auroc !== null
          ? [{ said: one.curve.gain, was: later.auroc - one.auroc, level: one.curve.last - one.auroc }]
          : [];
      }),
    );
    const advised = some.flatMap(({ checked }) => checked.filter((one) => one.advised)).length;
    return `| ${name} | ${String(pairs.length)} | ${signed(mean(pairs.map(({ said }) => said)))} | ${signed(mean(pairs.map(({ was }) => was)))} | ${signed(mean(pairs.map(({ level }) => level)))} | ${String(advised)} |`;
  };
  return [
    '## Learning curve: the gain of 50 labels that it expects, and what it was on other patients',
    '',
    '| task | figures | expected | was | its level is off by | advised to stop |',
    '|---|---|---|---|---|---|',
    ...byTask(outcomes).map(([task, some]) => line(task, some)),
    line('all', outcomes),
    '',
  ];
}

/** On the pool the images with a finding that a person has answered count as found: of all that there are, so many would be missed. */
function entered(title: string, outcomes: readonly Outcome[], side: 'others' | 'open'): string[] {
  if (outcomes.length === 0) return [];
  type Count = 'present' | 'missed' | 'absent' | 'accepted' | 'said' | 'wrong' | 'found';
  const sum = (some: readonly (Pressed & { readonly found: number })[], key: Count) => some.reduce((total, one) => total + one[key], 0);
  const rate = (some: Parameters<typeof sum>[0]) => sum(some, 'missed') / (sum(some, 'present') + sum(some, 'found'));
  const lines = byTask(outcomes).flatMap(([task, some]) =>
    [40, 100, 200, 400].flatMap((labels) => {
      const at = some.flatMap(({ entered: all }) => all.filter((one) => one.labels === labels));
      if (at.length === 0) return [];
      const every = at.flatMap((one) =>
        one[side].map((of, f) => ({ ...of, finding: f, found: side === 'open' ? (one.found[f] ?? 0) : 0 })),
      );
      const findings = (at[0]?.found ?? []).map((_, f) => every.filter(({ finding }) => finding === f));
      const worst = Math.max(...findings.map(rate).filter((value) => !Number.isNaN(value)));
      const ofOpen = sum(every, 'missed') / sum(every, 'present');
      const active = mean(at.map((one) => one[side].filter(({ missed, accepted, said }) => missed + accepted + said > 0).length));
      const wrongs = every.filter(({ shown, missed, accepted }) => shown !== null && missed + accepted > 0);
      const kept = share(
        wrongs.map(({ shown, missed, accepted }) => {
          const truth = missed / (missed + accepted);
          return (shown?.low ?? 1) <= truth && truth <= (shown?.high ?? 0);
        }),
      );
      const isMet = rate(every) <= MISSED + 0.02 && worst <= 2 * MISSED;
      // Of one class out of several Enter takes the likeliest: nothing limits what is missed.
      const verdict = task.includes('classes') ? '' : isMet ? 'met' : 'MISSED';
      return [
        `| ${task} | ${String(labels)} | ${String(at.length)} | ${three(rate(every))} | ${three(worst)} | ${verdict} | ${three(ofOpen)} | ${three(sum(every, 'accepted') / sum(every, 'absent'))} | ${active.toFixed(1)} | ${String(sum(every, 'said'))} | ${three(sum(every, 'wrong') / sum(every, 'said'))} | ${String(wrongs.length)} | ${three(kept)} |`,
      ];
    }),
  );
  return [
    `## ${title}`,
    '',
    '| task | labels | runs | missed | worst finding | bar | of those left | absents accepted | findings active | accepted as present | of these wrong | "wrong" shown | holds |',
    '|---|---|---|---|---|---|---|---|---|---|---|---|---|',
    ...lines,
    '',
  ];
}
