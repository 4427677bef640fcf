import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { unwrap } from '../../../../src/contract/result';
import { fullRound, prepare } from '../../../../src/trainer/engine';
import { startNodeBackend } from '../../../../src/trainer/host/node';
import { answers, gaussianPool } from '../pool';

const nodeBackend = process.env['COLLIMATE_TFJS_NODE'] ?? resolve('.cache/tfjs-node/node_modules/@tensorflow/tfjs-node');
const missing = existsSync(nodeBackend) ? '' : ' (skipped: no tfjs-node; test/reference/trainer/tfjs_node.sh builds one)';
const first = (n: number) => Array.from({ length: n }, (_, i) => i);

describe.skipIf(missing !== '')(`TensorFlow's C library${missing}`, () => {
  it.each([
    ['gda', 'multilabel'],
    ['logistic', 'multilabel'],
    ['logistic', 'multiclass'],
  ] as const)(
    'agrees with wasm and plain JavaScript to 1e-3 (%s, %s)',
    async (head, task) => {
      const pool = gaussianPool(150, 400, 3, task);
      const base = { ...pool.base, settings: { ...pool.base.settings, head } };
      const probabilities: Float32Array[] = [];
      for (const backend of ['tfjs-node', 'wasm', 'cpu'] as const) {
        const chosen = unwrap(await startNodeBackend({ backend, nodeBackend }));
        expect(chosen.backend).toBe(backend);
        const prepared = unwrap(await prepare({ base, labels: answers(pool, first(60)) }, pool.rows));
        const { round } = await fullRound(prepared, 1, '2026-01-01T00:00:00.000Z', new Map());
        expect(round.head?.kind).toBe(head);
        probabilities.push(round.probabilities);
      }
      const [native = new Float32Array(), ...others] = probabilities;
      for (const other of others) {
        const difference = other.reduce((most, p, i) => Math.max(most, Math.abs(p - (native[i] ?? NaN))), 0);
        expect(difference).toBeLessThan(1e-3);
      }
    },
    120_000,
  );
});
