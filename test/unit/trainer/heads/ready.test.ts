import { beforeAll, describe, expect, it } from 'vitest';
import type { Head, HeadFile } from '../../../../src/contract/head';
import { readyColumns, readySource } from '../../../../src/contract/ready-head';
import { unwrap } from '../../../../src/contract/result';
import { fullRound, learn, prepare, quickRound, type Learnt } from '../../../../src/trainer/engine';
import { auroc } from '../../../../src/trainer/evaluation/ranking';
import { calibrated, propose } from '../../../../src/trainer/heads/formula';
import { poolDigest } from '../../../../src/contract/head-identity';
import { logitsOfStates, proposeStates } from '../../../../src/trainer/heads/tuned/propose';
import { random } from '../../../../src/trainer/random';
import { tune } from '../../../../src/trainer/tune';
import { start } from '../backend';
import { answers, gaussianPool, type Pool } from '../pool';
import { tokenPool } from './tuned/tokens';

const created = '2026-01-01T00:00:00.000Z';
const first = (n: number) => Array.from({ length: n }, (_, i) => i);

/** A head whose logit of a class is `sharpness` times the projection on that class's centre: right, or (noise) about nothing. */
function headFor(
  pool: Pool,
  kinds: readonly ('right' | 'noise')[],
  { task = pool.base.task, names = pool.base.findings, sharpness = 4 } = {},
): Head {
  const { columns: d, data } = pool.rows;
  const draw = random(5, 'ready');
  const mean = (rows: readonly number[]) => first(d).map((c) => rows.reduce((sum, row) => sum + (data[row * d + c] ?? 0), 0) / rows.length);
  const all = mean(first(pool.rows.rows));
  const bias: number[] = [];
  const weight = kinds.flatMap((kind, f) => {
    const own = mean(first(pool.rows.rows).filter((row) => pool.truth[row] === f));
    const towards = own.map((value, c) => (kind === 'right' ? value - (all[c] ?? 0) : draw.normal() / 2));
    const length = Math.hypot(...towards);
    const unit = towards.map((value) => (sharpness * value) / length);
    bias.push(-unit.reduce((sum, w, c) => sum + (w * ((all[c] ?? 0) + (own[c] ?? 0))) / 2, 0));
    return unit;
  });
  const k = kinds.length;
  const filled = (n: number, value: number) => ({ shape: [n], data: new Float32Array(n).fill(value) });
  const file: HeadFile = {
    format: 'collimate-head',
    version: 1,
    id: 'ready',
    kind: 'logistic',
    task,
    findings: [...names],
    encoder: pool.base.encoder,
    projection: null,
    calibration: { method: 'none', perFinding: names.map(() => 'none') },
    prior: { source: 'labels', values: names.map(() => 0.5), n: 0 },
    regularisation: null,
    seed: 0,
    labels: { hash: '', count: 0, perFinding: names.map(() => ({ present: 0, absent: 0 })) },
    created: '1970-01-01T00:00:00.000Z',
  };
  const tensors = {
    'scaling.mean': filled(d, 0),
    'scaling.scale': filled(d, 1),
    weight: { shape: [k, d], data: Float32Array.from(weight) },
    bias: { shape: [k], data: Float32Array.from(bias) },
    'calibration.slope': filled(k, 1),
    'calibration.offset': filled(k, 0),
  };
  return { file, tensors };
}

const withReady = (pool: Pool, head: Head, columns: (number | null)[] | null = pool.base.findings.map((_, f) => f)): Pool => ({
  ...pool,
  base: { ...pool.base, ready: columns && readySource(head, columns) },
});

const preparedFor = async (pool: Pool, labelled: number) =>
  unwrap(await prepare({ base: pool.base, labels: answers(pool, first(labelled)) }, pool.rows));

const lossOf = (pool: Pool, head: Head, probabilities: Float32Array, finding: number) => {
  const rows = first(pool.rows.rows).slice(150);
  const k = head.file.findings.length;
  return (
    rows.reduce(
      (sum, row) =>
        sum -
        Math.log(
          Math.max(
            1e-7,
            pool.truth[row] === finding ? (probabilities[row * k + finding] ?? 0) : 1 - (probabilities[row * k + finding] ?? 0),
          ),
        ),
      0,
    ) / rows.length
  );
};

describe('the head that came with the encoder', () => {
  beforeAll(() => start());

  it('speaks before any label, in the order of the project, and says nothing of what it does not know', async () => {
    const plain = gaussianPool(200, 30, 3, 'multilabel');
    const head = headFor(plain, ['right', 'right', 'noise']);
    const pool = withReady(plain, head, [1, null, 0]);
    const { round, learnt } = await fullRound(await preparedFor(pool, 0), 1, created, new Map());
    expect(learnt).toBe(null);
    expect(round).toMatchObject({
      stage: 'cold',
      head: { ready: { head: 'ready', findings: [true, false, true] }, encoder: pool.base.encoder },
    });
    expect(round.head?.calibration.perFinding).toEqual(['none', 'unknown', 'none']);
    const alone = await propose(head, pool.rows);
    first(200).forEach((row) => {
      expect(round.probabilities[row * 3]).toBeCloseTo(alone[row * 3 + 1] ?? NaN, 5);
      expect(round.probabilities[row * 3 + 1]).toBe(0.5);
      expect(round.probabilities[row * 3 + 2]).toBeCloseTo(alone[row * 3] ?? NaN, 5);
    });
    expect(round.queue.length).toBe(20);
  });

  it('is what a search can start from: its likeliest images come first, before any label', async () => {
    const plain = gaussianPool(200, 30, 3, 'multilabel');
    const pool = withReady(plain, headFor(plain, ['right', 'right', 'noise']), [0, null, 2]);
    const searching = (finding: number): Pool => ({
      ...pool,
      base: { ...pool.base, settings: { ...pool.base.settings, strategy: 'rare', queueSize: 20, search: { finding, seeds: [] } } },
    });
    const { round } = await fullRound(await preparedFor(searching(0), 0), 1, created, new Map());
    const likely = round.queue.filter(({ reason }) => reason.code === 'likely').map(({ row }) => row);
    expect(likely.length).toBeGreaterThanOrEqual(15);
    const p = (row: number) => round.probabilities[row * 3] ?? 0;
    expect(likely.map(p)).toEqual(likely.map(p).sort((a, b) => b - a));
    expect(Math.max(...first(200).map(p))).toBe(p(likely[0] ?? -1));
    // Of the second finding it knows nothing: the queue begins as it would without a search.
    const unknown = await fullRound(await preparedFor(searching(1), 0), 1, created, new Map());
    expect(unknown.round.queue[0]?.reason.code).toBe('typical');
  });

  it('stays where it is right, and gives way where the fitted head is better out of fold', async () => {
    const plain = gaussianPool(400, 60, 3, 'multilabel', 1.6);
    const pool = withReady(plain, headFor(plain, ['right', 'noise', 'noise'], { sharpness: 6 }));
    const prepared = await preparedFor(pool, 60);
    const { round, learnt } = await fullRound(prepared, 1, created, new Map());
    expect(round.head?.ready?.findings).toEqual([true, false, false]);
    if (!learnt) throw new Error('no head');
    // What the round shows, the file says by itself.
    const proposed = await propose(learnt.head, pool.rows);
    expect(Math.max(...proposed.map((p, i) => Math.abs(p - (round.probabilities[i] ?? NaN))))).toBeLessThan(1e-5);
    const fitted = unwrap(await learn(await preparedFor(plain, 60), created));
    const before = await propose(fitted.head, plain.rows);
    expect(lossOf(plain, learnt.head, proposed, 0)).toBeLessThan(lossOf(plain, fitted.head, before, 0));
    for (const f of [1, 2]) expect(lossOf(plain, learnt.head, proposed, f)).toBe(lossOf(plain, fitted.head, before, f));
    // The figures judge what is shown.
    const scores = first(400).map((row) => proposed[row * 3] ?? 0);
    const truth =
      auroc(
        scores,
        pool.truth.map((one) => (one === 0 ? 1 : 0)),
      ) ?? 0;
    expect(Math.abs((round.metrics.findings[0]?.auroc ?? 0) - truth)).toBeLessThan(0.1);
  });

  it('is calibrated on the labels once they show both sides', async () => {
    const plain = gaussianPool(400, 30, 2, 'multilabel', 1.2);
    const pool = withReady(plain, headFor(plain, ['right', 'right'], { sharpness: 60 }));
    const { round, learnt } = await fullRound(await preparedFor(pool, 80), 1, created, new Map());
    const served = round.head?.ready?.findings.indexOf(true) ?? -1;
    expect(served).toBeGreaterThanOrEqual(0);
    expect(round.head?.calibration.perFinding[served]).toBe('platt');
    expect(learnt?.head.tensors['calibration.slope']?.data[served]).toBeLessThan(0.5);
  });

  it.each(['multilabel', 'multiclass'] as const)('says on the mean what the labels say, whatever prior it came with (%s)', async (task) => {
    const plain = gaussianPool(400, 30, 5, task, 1.6);
    const head = headFor(
      plain,
      first(5).map(() => 'right'),
      { sharpness: 6 },
    );
    head.tensors['bias']?.data.forEach((b, f, all) => (all[f] = b - 5 + f));
    const pool = withReady(plain, head);
    const { round, learnt } = await fullRound(await preparedFor(pool, 60), 1, created, new Map());
    const served = round.head?.ready?.findings ?? [];
    expect(served.filter(Boolean).length).toBeGreaterThan(2);
    const { targets, probabilities } = learnt?.fitted.outOfFold ?? { targets: null, probabilities: [] };
    first(5).forEach((f) => {
      if (!served[f]) return;
      const said = first(60).map((i) => [probabilities[i * 5 + f] ?? NaN, targets?.y[i * 5 + f] ?? NaN] as const);
      expect(Math.abs(said.reduce((sum, [p, y]) => sum + (p - y) / 60, 0))).toBeLessThan(0.03);
      // What is judged is what is shown.
      first(60).forEach((row) => expect(round.probabilities[row * 5 + f]).toBeCloseTo(said[row]?.[0] ?? NaN, 5));
    });
  });

  it('one label of each kind, or a handful, do not replace it', async () => {
    const plain = gaussianPool(200, 30, 2, 'multilabel');
    const pool = withReady(plain, headFor(plain, ['noise', 'noise']));
    for (const n of [2, 4, 9]) {
      const { round } = await fullRound(await preparedFor(pool, n), 1, created, new Map());
      expect(round.head?.ready?.findings).toEqual([true, true]);
    }
  });

  it('multi-class: all classes or none, by the softmax', async () => {
    const plain = gaussianPool(300, 40, 3, 'multiclass', 1.6);
    const pool = withReady(plain, headFor(plain, ['right', 'right', 'right'], { sharpness: 5 }));
    const { round } = await fullRound(await preparedFor(pool, 0), 1, created, new Map());
    for (const row of first(300)) expect(round.probabilities.subarray(row * 3, row * 3 + 3).reduce((a, b) => a + b, 0)).toBeCloseTo(1, 5);
    const right = await fullRound(await preparedFor(pool, 40), 2, created, new Map());
    expect(right.round.head?.ready?.findings).toEqual([true, true, true]);
    const noise = withReady(plain, headFor(plain, ['noise', 'noise', 'noise']));
    const wrong = await fullRound(await preparedFor(noise, 60), 3, created, new Map());
    expect(wrong.round.head?.ready).toBeUndefined();
  });

  it('the answer at once keeps who speaks for what', async () => {
    const plain = gaussianPool(300, 40, 2, 'multilabel', 1.6);
    const pool = withReady(plain, headFor(plain, ['right', 'noise'], { sharpness: 6 }));
    const full = (await fullRound(await preparedFor(pool, 60), 1, created, new Map())).learnt as Learnt;
    const after = await preparedFor(pool, 62);
    const quick = await quickRound(after, 2, created, full);
    expect(quick?.head?.ready).toEqual(full.head.file.ready);
    expect(quick?.head?.id).not.toBe(full.head.file.id);
  });

  it('goes on beside a fine-tuned head, for what that was not taught', async () => {
    const plain = tokenPool(300);
    const { base } = withReady(plain, headFor(plain, ['noise', 'right']));
    const labels = answers(plain, first(200)).filter(({ finding }) => finding === 0);
    const prepared = unwrap(await prepare({ base, labels }, plain.rows));
    const learnt = unwrap(await learn(prepared, created));
    const source = plain.tokens;
    const tuned = unwrap(await tune(prepared, learnt, plain.rows, { part: { kind: 'attentive' }, source, created }));
    expect(tuned.wins).toBe(true);
    // Of what it was taught it is judged by the very calibration in its file.
    const { data: slope = [] } = tuned.head.tensors['calibration.slope'] ?? {};
    const { data: offset = [] } = tuned.head.tensors['calibration.offset'] ?? {};
    const judged = calibrated('multilabel', slope, offset, tuned.held);
    first(200).forEach((i) => expect(tuned.fitted.outOfFold.probabilities[2 * i]).toBe(judged[2 * i]));
    expect(Math.abs(first(200).reduce((sum, i) => sum + (judged[2 * i] ?? NaN) - (plain.truth[i] === 0 ? 1 : 0), 0)) / 200).toBeLessThan(
      0.03,
    );
    expect(tuned.head.file).toMatchObject({ kind: 'attentive', ready: { findings: [false, true] } });
    const said = await proposeStates(tuned.head, source, plain.rows, first(300));
    const alone = await propose(headFor(plain, ['noise', 'right']), plain.rows);
    for (const row of first(300)) expect(said[2 * row + 1]).toBeCloseTo(alone[2 * row + 1] as number, 5);
    const right = first(100).filter((i) => (said[2 * (200 + i)] as number) > 0.5 === (plain.truth[200 + i] === 0)).length;
    expect(right).toBeGreaterThan(90);

    // So it does in the rounds.
    const { head, fitted, held } = tuned;
    const logits = Float32Array.from(await logitsOfStates(head, source, first(300)));
    const learnable = [...fitted.linear.fitted];
    const pool = await poolDigest(base.embeddings);
    const kept = { ...head, learnt: learnable, pool, rows: Int32Array.from(fitted.targets.rows), held: Float32Array.from(held), logits };
    const after = unwrap(await prepare({ base: { ...base, tuned: kept }, labels }, plain.rows));
    const { round } = await fullRound(after, 1, created, new Map());
    expect(round.head?.id).toBe(head.file.id);
    round.probabilities.forEach((p, i) => expect(p).toBeCloseTo(said[i] as number, 5));
  });

  it('of another encoder is refused', async () => {
    const plain = gaussianPool(50, 10, 2, 'multilabel');
    const head = headFor(plain, ['right', 'right']);
    const foreign: Head = { ...head, file: { ...head.file, encoder: { ...head.file.encoder, id: 'another' } } };
    const result = await prepare({ base: withReady(plain, foreign).base, labels: [] }, plain.rows);
    expect(result.ok ? '' : result.failure.code).toBe('head-foreign');
  });
});

describe('which of its findings are those of the project', () => {
  const chest = { task: 'multilabel', findings: ['Effusion', 'Pleural_Thickening', 'Mass'] } as const;
  it.each([
    ['written otherwise', 'multilabel', ['Pleural thickening', 'mass'], [1, 2]],
    ['some of them', 'multilabel', ['Mass', 'Fracture'], [2, null]],
    ['none of them', 'multilabel', ['Fracture'], null],
    ['another task', 'multiclass', ['Effusion', 'Mass'], null],
  ] as const)('%s', (_, task, names, columns) => {
    expect(readyColumns(task, names, { task: chest.task, findings: [...chest.findings] })).toEqual(columns);
  });

  it('a multi-class head speaks for exactly its classes', () => {
    const head = { task: 'multiclass' as const, findings: ['Normal', 'Viral', 'Bacterial'] };
    expect(readyColumns('multiclass', ['bacterial', 'normal', 'viral'], head)).toEqual([2, 0, 1]);
    expect(readyColumns('multiclass', ['bacterial', 'normal'], head)).toBe(null);
    expect(readyColumns('multiclass', ['bacterial', 'normal', 'viral', 'fungal'], head)).toBe(null);
  });
});
