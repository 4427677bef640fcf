import { beforeAll, describe, expect, it } from 'vitest';
import type { Task } from '../../../../src/contract/model';
import { unwrap } from '../../../../src/contract/result';
import { skillOf } from '../../../../src/trainer/calibration/acceptance';
import { acceptanceFor, fullRound, learn, prepare } from '../../../../src/trainer/engine';
import { logLoss } from '../../../../src/trainer/evaluation/probability';
import { makeDesign } from '../../../../src/trainer/heads/design';
import { finishHead, seenFindings, type OutOfFold } from '../../../../src/trainer/heads/fit';
import { calibrated, propose } from '../../../../src/trainer/heads/formula';
import { gdaLeftOut } from '../../../../src/trainer/heads/left-out';
import { countStates } from '../../../../src/trainer/labels';
import { start } from '../backend';
import { answers, gaussianPool } from '../pool';

const first = (n: number) => Array.from({ length: n }, (_, i) => i);
const created = '2026-01-01T00:00:00.000Z';
const tasks: readonly Task[] = ['multilabel', 'multiclass'];
const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;

/** Probabilities and truths of one finding among what was judged. */
function judgedOf({ targets: { y, findings }, probabilities }: OutOfFold, f: number): { p: number[]; y: number[] } {
  const cells = first(y.length).filter((i) => i % findings === f && (y[i] ?? -1) >= 0 && !Number.isNaN(probabilities[i]));
  return { p: cells.map((i) => probabilities[i] ?? NaN), y: cells.map((i) => y[i] ?? NaN) };
}

/** The mean of every finding is its prevalence; where skill is claimed the log loss is below that of the prevalence. */
function holds(judged: OutOfFold, task: Task): boolean[] {
  const skill = skillOf(judged, task);
  skill.forEach((has, f) => {
    const { p, y } = judgedOf(judged, f);
    expect(Math.abs(mean(p) - mean(y))).toBeLessThan(0.03);
    const constant = logLoss(
      y.map(() => mean(y)),
      y,
    );
    // The skill of classes is that of the softmax, not of each.
    expect(has && task === 'multilabel' ? logLoss(p, y) : 0).toBeLessThan(constant);
  });
  return skill;
}

describe('probabilities that are served are the ones that were judged', () => {
  beforeAll(() => start());

  describe.each(tasks)('%s', (task) => {
    it.each(['gda', 'logistic'] as const)('by a head of kind %s, of findings that are rare', async (head) => {
      const pool = gaussianPool(700, 40, 8, task, 2.5);
      const base = { ...pool.base, settings: { ...pool.base.settings, head } };
      // More audits than it takes to have a say in the prevalence, and of another one.
      const audits = first(700)
        .slice(600)
        .filter((row) => row % 2 === 0 && (pool.truth[row] ?? 0) < 6);
      const labels = [...answers(pool, first(200)), ...answers(pool, audits, 'audit', 200)];
      const prepared = unwrap(await prepare({ base, labels }, pool.rows));
      const { round, learnt } = await fullRound(prepared, 1, created, new Map());
      if (!learnt) throw new Error('no head');
      expect(learnt.head.file.kind).toBe(head);
      const { outOfFold, calibration } = learnt.fitted;
      // The file holds the calibration that the figures were computed with, to the last bit.
      expect(learnt.head.tensors['calibration.slope']?.data).toEqual(Float32Array.from(calibration.slope));
      expect(learnt.head.tensors['calibration.offset']?.data).toEqual(Float32Array.from(calibration.offset));
      const logits = gdaLeftOut(makeDesign(prepared.basis.features, outOfFold.targets), task);
      const same = calibrated(task, calibration.slope, calibration.offset, logits);
      expect(outOfFold.probabilities.every((p, i) => head !== 'gda' || Object.is(p, same[i]))).toBe(true);
      const skill = holds(outOfFold, task);
      expect(skill.filter(Boolean).length).toBeGreaterThanOrEqual(6);
      expect((await acceptanceFor(prepared, learnt)).skill).toEqual(skill);
      expect(round.acceptance?.skill).toEqual(skill);
      // On patients that it never saw.
      const served = await propose(learnt.head, pool.rows);
      const told = skill.flatMap((has, f) => (has ? [f] : []));
      told.forEach((f) => {
        const rows = first(600).slice(200);
        const y = rows.map((row) => (pool.truth[row] === f ? 1 : 0));
        const { present } = countStates(outOfFold.targets, f);
        const [loss, constant] = [rows.map((row) => served[row * 8 + f] ?? NaN), rows.map(() => (present + 1) / 202)].map((p) =>
          logLoss(p, y),
        ) as [number, number];
        expect(loss).toBeLessThan(constant);
      });
    });

    it.each(['gda', 'logistic', 'attentive', 'block'] as const)('by whatever gave the logits (%s)', async (kind) => {
      const pool = gaussianPool(300, 20, 6, task, 2.5);
      const { fitted } = unwrap(await learn(unwrap(await prepare({ base: pool.base, labels: answers(pool, first(300)) }, pool.rows)), ''));
      const { targets } = fitted.outOfFold;
      const design = makeDesign(pool.rows, targets);
      // As if the prior of a rare finding, or that of another hospital, were in them.
      for (const [at, scale] of [
        [0, 1],
        [-4, 0.05],
        [-6, 3],
        [3, 1],
      ] as const) {
        const logits = gdaLeftOut(design, task).map((z, i) => scale * z + at * (1 + (i % 6) / 6));
        const made = await finishHead(kind, design, fitted.linear, logits, null, seenFindings(targets, task), task);
        expect(made.outOfFold.probabilities).toEqual(calibrated(task, made.calibration.slope, made.calibration.offset, logits));
        expect(holds(made.outOfFold, task)).toEqual(first(6).map(() => true));
      }
    });
  });
});
