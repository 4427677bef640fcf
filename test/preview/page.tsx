import type { Acceptance } from '../../src/contract/jobs/trainer';
import type { Project } from '../../src/contract/model';
import { start } from '../../src/renderer/app/start';
import { FakeBridge } from '../unit/renderer/fake-bridge';
import { makeProject } from '../unit/renderer/made-up/project';

/** Makes `many` labels suspect, some of one patient, as after a full round. */
function suspectLabels(bridge: FakeBridge, many: number): void {
  const { findings, task } = bridge.project;
  const cells = [...bridge.state.annotators.values()].flatMap((own) => [...own.cells]).slice(0, many);
  for (const [image] of cells.slice(1, 4)) {
    const record = bridge.state.images.get(image);
    if (record) bridge.append({ kind: 'images', images: [{ ...record, patient: '3fa9c17be0' }] });
  }
  bridge.suspects = cells.flatMap(([image, values], i) => {
    const [finding, value] = [...values].find(([, { state }]) => state === 'present') ?? [];
    const next = findings[(findings.findIndex(({ id }) => id === finding) + 1) % findings.length];
    if (finding === undefined || !value || !next) return [];
    const other = task === 'multiclass' ? { finding: next.id, state: 'present' as const } : { finding, state: 'absent' as const };
    const probability = 0.05 + 0.03 * i;
    return [
      {
        image,
        finding,
        state: 'present' as const,
        probability,
        other: { ...other, probability: 0.9 - 0.04 * i, usual: 0.64 },
        score: 0.3 - i / 50,
      },
    ];
  });
  bridge.emit('round', { ...bridge.round(), stage: 'full' });
}

/** A head from the encoder's file, for all findings but the last. */
const readyFor = (query: URLSearchParams, { findings }: Project) =>
  query.has('ready') ? { ready: findings.slice(0, -1).map(({ name }) => name), headFrom: 12 } : {};

/** The rule of a model that has skill of some findings only. */
function earlyRule({ findings }: Project): Acceptance {
  const skilled = (k: number) => k % 3 === 1;
  return {
    skill: findings.map((_, k) => skilled(k)),
    enough: findings.map(() => true),
    present: findings.map((_, k) => (skilled(k) ? 0.9 : null)),
    absent: findings.map((_, k) => (skilled(k) && k < 4 ? 0.062 : null)),
    missed: 0.1,
    needed: 9,
    positives: findings.map((_, k) => 17 - 2 * k),
    wrong: findings.map((_, k) => (k === 1 ? { n: 38, wrong: 1, low: 0.0007, high: 0.138 } : null)),
  };
}

/** ?task=multilabel&images=400&theme=light&ready&audit=1&early */
async function open(): Promise<void> {
  const query = new URLSearchParams(location.search);
  const names: unknown = await (await fetch('/names.json')).json();
  const wanted = Number(query.get('images') ?? 400);
  const files = Array.isArray(names) ? names.map(String) : [];
  const paths = Array.from({ length: wanted }, (_, i) => files[i] ?? `ward/${String(i).padStart(6, '0')}.png`);
  const project =
    query.get('task') === 'multilabel'
      ? makeProject('multilabel', [
          'Atelectasis',
          'Cardiomegaly',
          'Consolidation',
          'Edema',
          'Pleural effusion',
          'Nodule',
          'Pneumothorax',
          ...(query.has('many') ? ['Emphysema', 'Fibrosis', 'Hernia', 'Infiltration', 'Mass', 'Pleural thickening', 'Pneumonia'] : []),
        ])
      : makeProject();
  const share = Number(query.get('audit') ?? 0);
  const audited = { ...project, audit: { ...project.audit, share } };
  const bridge = new FakeBridge({
    project: audited,
    paths,
    delay: Number(query.get('delay') ?? 3),
    read: share > 0,
    ...readyFor(query, project),
    ...(query.has('early') ? { acceptance: earlyRule(project) } : {}),
  });
  if (query.has('notes')) {
    const [first] = bridge.state.images.values();
    if (first) bridge.append({ kind: 'images', images: [{ ...first, view: 'LL', notes: ['view-lateral', 'overlay-ignored'] }] });
  }
  if (query.has('recent')) {
    const [first] = bridge.summaries;
    if (first) {
      bridge.summaries.push(
        {
          ...first,
          id: `${first.id.slice(0, 25)}2`,
          name: 'ChestX-ray14 subset',
          folder: '/mnt/archive/nih/images_001',
          task: 'multilabel',
          images: 112_120,
          labelled: 1843,
          opened: '2026-11-20T09:12:00.000Z',
        },
        {
          ...first,
          id: `${first.id.slice(0, 25)}3`,
          name: 'Lines and tubes, pilot',
          folder: '/media/usb/pilot',
          images: 640,
          labelled: 212,
          opened: '2026-10-02T15:40:00.000Z',
          missing: true,
        },
      );
    }
  }
  if (query.has('embedding')) {
    bridge.status = {
      ...bridge.status,
      embedding: { state: 'running', done: 148, total: wanted, failed: 1, rate: 23.4, secondsLeft: 11, damaged: 0 },
    };
  }
  if (query.has('eva-x')) {
    const { encoder, embedding, trainer } = bridge.status;
    bridge.status = {
      ...bridge.status,
      encoder: encoder && { ...encoder, name: 'EVA-X S', builtin: false, tokenBytes: 150_528, blockBytes: 151_296 },
      embedding: { ...embedding, state: 'done', done: wanted, total: wanted },
      trainer: { ...trainer, tuning: query.has('tuning') },
    };
  }
  const theme = query.get('theme');
  if (theme === 'light' || theme === 'dark') await bridge.call('settings.set', { theme });
  Object.assign(globalThis, { fake: bridge, suspect: (many: number) => suspectLabels(bridge, many) });
  const name = (image: string) => bridge.state.images.get(image)?.path ?? '';
  start({ bridge, thumbnail: (_project, image) => `/images/${name(image)}`, pixels: (_project, image) => `/pixels/${name(image)}` });
}
void open();
