import { describe, expect, it } from 'vitest';
import { fold } from '../../../../src/contract/fold';
import { shownImages, type Facts, type Filter, type Sort } from '../../../../src/renderer/grid/filter';
import { Labels } from '../../../../src/renderer/labels/labels';
import { FakeBridge } from '../fake-bridge';
import { id, makeProject } from '../made-up/project';

const [g1, g2, g3, g4] = [1, 2, 3, 4].map((n) => id(n, 'G'));
const f1 = id(1, 'F');

async function facts(): Promise<{ facts: Facts; order: readonly string[] }> {
  const bridge = new FakeBridge({ images: 4, project: makeProject('multiclass', ['A', 'B']) });
  const project = bridge.project.id;
  const [g3Image] = [...bridge.state.images.values()].filter((image) => image.id === g3);
  if (g3Image) bridge.append({ kind: 'images', images: [{ ...g3Image, view: 'LL', notes: ['overlay-ignored'] }] });
  const cells = [{ image: g1 ?? '', finding: f1, state: 'present' as const, source: 'typed' as const, shown: null, head: null }];
  await bridge.call('labels.apply', { project, cells });
  await bridge.call('labels.skip', { project, image: g2 ?? '' });
  const labels = new Labels(bridge.project);
  labels.load(fold(bridge.journal));
  const chances: Record<string, number> = { [g1 ?? '']: 0.8, [g2 ?? '']: 0.55, [g3 ?? '']: 0.05 };
  return {
    order: labels.order(),
    facts: {
      task: 'multiclass',
      findings: labels.findings,
      view: labels.of,
      probabilities: (image) => {
        const p = chances[image];
        return p === undefined
          ? null
          : new Map([
              [f1, p],
              [id(2, 'F'), 1 - p],
            ]);
      },
      failed: new Set([g4 ?? '']),
      missing: new Set([g1 ?? '']),
    },
  };
}

describe('the list of the grid', () => {
  it.each<[string, Filter, Sort, (string | undefined)[]]>([
    ['everything', { kind: 'all' }, 'folder', [g1, g2, g3, g4]],
    ['labelled', { kind: 'labelled' }, 'folder', [g1]],
    ['unlabelled', { kind: 'unlabelled' }, 'folder', [g3, g4]],
    ['skipped', { kind: 'skipped' }, 'folder', [g2]],
    ['failed', { kind: 'failed' }, 'folder', [g4]],
    ['missing, labelled or not', { kind: 'missing' }, 'folder', [g1]],
    ['a state', { kind: 'state', finding: f1, state: 'present' }, 'folder', [g1]],
    ['proposed and not yet answered', { kind: 'proposed', finding: f1 }, 'folder', [g2]],
    ['lateral views', { kind: 'note', note: 'view-lateral' }, 'folder', [g3]],
    ['overlays', { kind: 'note', note: 'overlay-ignored' }, 'folder', [g3]],
    ['most confident first, unknown last', { kind: 'all' }, 'confidence', [g3, g1, g2, g4]],
    ['most uncertain first, unknown last', { kind: 'all' }, 'uncertainty', [g2, g1, g3, g4]],
  ])('%s', async (_name, filter, sort, expected) => {
    const made = await facts();
    expect(shownImages(made.order, filter, sort, made.facts)).toEqual(expected);
  });
});
