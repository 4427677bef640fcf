import type { Model } from '../../onnx/model';
import type { Values } from '../session';
import { embeddingsOf, forBatches, progressOf, withModel, type Compared, type Comparison } from './cost';
import { evaXModel, type ReadWeight } from './graph';
import type { Layout } from './layout';
import { calibrating, int8, rangeNames, sitesOf, type Range } from './products';

export interface Quantised extends Compared {
  readonly model: Model;
  /** Low and high of every activation, in the order of the graph. */
  readonly scales: Float32Array;
  readonly calibrated: number;
}

/**
 * An int8 model whose activation scales suit every second one of the tiles, and what both models make of the others. Throws FailureErrors.
 */
export async function quantise(layout: Layout, read: ReadWeight, comparison: Comparison): Promise<Quantised> {
  const { tiles, scratch } = comparison;
  // A single image has to do for both.
  const setting = tiles.filter((_, i) => i % 2 === 0);
  const measuring = tiles.length > 1 ? tiles.filter((_, i) => i % 2 === 1) : tiles;
  const progress = progressOf(comparison, setting.length + 2 * measuring.length);

  const float = await evaXModel(layout, read, calibrating);
  const sites = sitesOf(float.graph.outputs.map(({ name }) => name));
  const ranges = new Map<string, Range>();
  const exact = await withModel(float, scratch, async (run) => {
    await forBatches(setting, comparison, run, (outputs, n) => {
      for (const site of sites) widen(ranges, site, outputs);
      progress(n);
    });
    return embeddingsOf(measuring, comparison, layout.width, run, progress);
  });
  const model = await evaXModel(layout, read, int8(ranges));
  const found = await withModel(model, scratch, (run) => embeddingsOf(measuring, comparison, layout.width, run, progress));
  const scales = Float32Array.from(sites.flatMap((site) => [ranges.get(site)?.low ?? NaN, ranges.get(site)?.high ?? NaN]));
  return { model, scales, exact, found, calibrated: setting.length, measured: measuring.length };
}

function widen(ranges: Map<string, Range>, site: string, outputs: Record<string, Values>): void {
  const [low = 0, high = 0] = rangeNames(site).map((name) => outputs[name]?.data[0]);
  const known = ranges.get(site);
  ranges.set(site, { low: Math.min(low, known?.low ?? low), high: Math.max(high, known?.high ?? high) });
}
