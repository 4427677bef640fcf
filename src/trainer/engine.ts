import type { Head, HeadFile, Tensor } from '../contract/head';
import { defaultMissed, StateCode, type Acceptance, type QueueEntry, type Round, type SnapshotBase } from '../contract/jobs/trainer';
import { fail, ok, type Result } from '../contract/result';
import type { Scene, Scores } from './acquisition/scene';
import { rankQueue } from './acquisition/queue';
import { basisBy, buildBasis, type Basis } from './basis';
import { acceptanceOf } from './calibration/acceptance';
import { priorLogit } from './calibration/calibrate';
import { applyPrior, choosePrior } from './calibration/prior';
import { metrics } from './evaluation/metrics';
import { trend, type Trend } from './evaluation/progress';
import { prequential, type PrequentialCache } from './evaluation/prequential';
import { fitHead, type FittedHead } from './heads/fit';
import { calibratedByHead, logitsOfFeatures, transformOf } from './heads/formula';
import { atEqualPriors } from './heads/linear';
import { headId, labelHash, poolDigest } from '../contract/head-identity';
import { putServed, readyHeadOf, servingOf, withServed, type ReadyHead, type Serving } from './heads/ready';
import { refit } from './heads/refit';
import { misfit } from '../contract/tuned-fits';
import { tunedOn } from './heads/tuned/serving';
import { auditOf, countStates, readLabels, targetsOf, type LabelTable, type Snapshot } from './labels';
import type { Matrix } from './matrix';
import { reserveOf } from '../contract/reserve-draws';
import { productKept } from './tensors/product';

/** What a snapshot is learnt from: its labels by cell, and the pool in the head's feature space. */
export interface Prepared {
  readonly snapshot: Snapshot;
  readonly table: LabelTable;
  readonly basis: Basis;
  /** The head that the encoder's file brought, where the project asks for what it knows. */
  readonly ready: ReadyHead | null;
}

/** A head with what the engine needs of how it was fitted. */
export interface Learnt {
  readonly head: Head;
  readonly fitted: FittedHead;
  /** The same, judged by what it says itself of the findings for which the ready head speaks. */
  readonly own: FittedHead;
  /** Findings for which the ready head speaks; null without one. */
  readonly serving: Serving | null;
  /** Where labeling is going, as of the last full round. */
  readonly trend?: Trend;
  /** What Enter may take over, as of the last full round. */
  readonly acceptance?: Acceptance;
}

export interface FullRound {
  readonly round: Round;
  readonly learnt: Learnt | null;
}

/** `rows` are the embeddings [N, d] in the order of the snapshot's base. A basis of the same pool, seed and components may be handed in. */
export async function prepare(snapshot: Snapshot, rows: Matrix, basis?: Basis, signal?: AbortSignal): Promise<Result<Prepared>> {
  const { base } = snapshot;
  if (rows.rows !== base.embeddings.length || rows.columns !== base.encoder.d) {
    return fail('embedding-foreign', {
      found: `${rows.rows} x ${rows.columns}`,
      expected: `${base.embeddings.length} x ${base.encoder.d}`,
    });
  }
  const table = readLabels(snapshot);
  if (!table.ok) return table;
  const ready = await readyHeadOf(base, rows);
  if (!ready.ok) return ready;
  const built = basis ? ok(basis) : await basisOf(base, rows, signal);
  return built.ok ? ok({ snapshot, table: table.value, basis: built.value, ready: ready.value }) : built;
}

/** With a fine-tuned head its own: another backend may find other components, and the head's weights belong to these. */
async function basisOf(base: SnapshotBase, rows: Matrix, signal: AbortSignal | undefined): Promise<Result<Basis>> {
  const { tuned, seed, settings, pooling } = base;
  if (!tuned) return ok(await buildBasis(rows, seed, settings.components, { pooling, signal }));
  const reason = misfit(tuned, base, await poolDigest(base.embeddings));
  if (reason !== null) return fail('head-invalid', { folder: 'the fine-tuned head', reason });
  return ok(await basisBy(transformOf(tuned), rows, signal));
}

/** The head that the snapshot's labels call for: the command line's `fit` and the app's full round. `created` is put into the file as it is. */
export async function learn(prepared: Prepared, created: string, signal?: AbortSignal): Promise<Result<Learnt>> {
  const linear = await fitOwn(prepared, signal);
  if (!linear.ok) return linear;
  const { base } = prepared.snapshot;
  const tuned = base.tuned ? await tunedOn(base.tuned, base, prepared.basis.features, linear.value) : null;
  return ok(await besideReady(prepared, tuned ?? linear.value, created));
}

/** The same on embeddings alone. */
export async function learnLinear(prepared: Prepared, created: string, signal?: AbortSignal): Promise<Result<Learnt>> {
  const linear = await fitOwn(prepared, signal);
  return linear.ok ? ok(await besideReady(prepared, linear.value, created)) : linear;
}

async function fitOwn({ snapshot: { base }, table, basis }: Prepared, signal?: AbortSignal): Promise<Result<FittedHead>> {
  const targets = targetsOf(base, table, table.train);
  const { head, folds } = base.settings;
  const own = await fitHead(basis.features, targets, { task: base.task, head, folds, seed: base.seed, signal });
  return own ? ok(own) : fail('labels-too-few', { reason: `${targets.rows.length} usable labels, all of one kind` });
}

/** The ready head goes on speaking where `own` is not better. */
export async function besideReady(prepared: Prepared, own: FittedHead, created: string): Promise<Learnt> {
  const { ready, snapshot } = prepared;
  const { task } = snapshot.base;
  const serving = ready ? await servingOf(ready, own, task) : null;
  const fitted = ready && serving ? withServed(own, ready, serving, task) : own;
  return { head: await describeHead(prepared, fitted, serving, created), fitted, own, serving };
}

/**
 * All of a round but its speed: head by cross-validation, calibration, scores, queue, metrics. `before`: the last full round's, whose skill has a say
 * in what Enter may take over (calibration/acceptance).
 */
export async function fullRound(
  prepared: Prepared,
  id: number,
  created: string,
  cache: PrequentialCache,
  signal?: AbortSignal,
  before: Learnt | null = null,
): Promise<FullRound> {
  const started = performance.now();
  const learnt = await learn(prepared, created, signal);
  const said = await saidOf(prepared, learnt.ok ? learnt.value : null);
  const made = learnt.ok
    ? { ...learnt.value, trend: await trendOf(prepared, signal), acceptance: acceptanceBy(prepared, learnt.value, said, before) }
    : null;
  return { round: await roundOf(prepared, id, made, said, made ? 'full' : 'cold', cache, started, signal), learnt: made };
}

/** What Enter may take over by this head. */
export async function acceptanceFor(prepared: Prepared, learnt: Learnt, before: Learnt | null = null): Promise<Acceptance> {
  return acceptanceBy(prepared, learnt, await saidOf(prepared, learnt), before);
}

function acceptanceBy(
  { snapshot: { base }, table }: Prepared,
  { fitted }: Learnt,
  { probabilities }: Said,
  before: Learnt | null,
): Acceptance {
  const places = base.findings.map((name) => before?.head.file.findings.indexOf(name) ?? -1);
  return acceptanceOf({
    task: base.task,
    outOfFold: fitted.outOfFold,
    audit: auditOf(base, table),
    probabilities,
    missed: base.settings.missed ?? defaultMissed,
    before: places.map((place) => before?.acceptance?.skill[place] === true),
  });
}

/**
 * The answer at once: the last full head's kind, C and calibration on the new labels. Null where there is no such head,
 * or a finding has become learnable since: then only the full round can say something.
 */
export async function quickRound(
  prepared: Prepared,
  id: number,
  created: string,
  last: Learnt,
  signal?: AbortSignal,
): Promise<Round | null> {
  const started = performance.now();
  const { snapshot, table, basis } = prepared;
  // Calibration and acceptance go by the place of a finding.
  if (last.head.file.findings.join('\n') !== snapshot.base.findings.join('\n')) return null;
  const fitted = await refit(basis.features, targetsOf(snapshot.base, table, table.train), snapshot.base.task, last.fitted, signal);
  if (fitted === null) return null;
  const learnt = { ...last, fitted, head: await describeHead(prepared, fitted, last.serving, created) };
  return roundOf(prepared, id, learnt, await saidOf(prepared, learnt), 'quick', null, started, signal);
}

/** The training labels in the order in which they were given. */
function trendOf({ snapshot: { base }, table, basis }: Prepared, signal: AbortSignal | undefined): Promise<Trend> {
  const trained = new Set(table.train);
  const rows = table.labelled.filter((row) => trained.has(row));
  return trend(basis.features, targetsOf(base, table, rows), base.task, base.seed, signal);
}

async function roundOf(
  prepared: Prepared,
  id: number,
  learnt: Learnt | null,
  said: Said,
  stage: Round['stage'],
  cache: PrequentialCache | null,
  started: number,
  signal: AbortSignal | undefined,
): Promise<Round> {
  const { snapshot, table, basis } = prepared;
  const { probabilities } = said;
  const queue = await rankQueue(sceneOf(prepared, learnt, said, signal), snapshot.base.settings);
  const curve = cache ? await prequential(snapshot.base, table, basis.features, cache, signal) : null;
  return {
    snapshot: id,
    stage,
    head: (learnt?.head ?? prepared.ready?.alone)?.file ?? null,
    probabilities,
    queue,
    metrics: metrics({
      base: snapshot.base,
      table,
      fitted: learnt?.fitted ?? null,
      probabilities,
      prequential: curve,
      trend: learnt?.trend ?? { learningCurve: null, stop: null },
    }),
    acceptance: learnt?.acceptance ?? null,
    milliseconds: performance.now() - started,
  };
}

/** The queue for a head (null: none yet), apart from a round: what the command line's `queue` and `simulate` need. */
export async function queueOf(prepared: Prepared, learnt: Learnt | null, signal?: AbortSignal): Promise<QueueEntry[]> {
  return rankQueue(sceneOf(prepared, learnt, await saidOf(prepared, learnt), signal), prepared.snapshot.base.settings);
}

/** What is said of every row of the pool, [N, K]: the fitted head's logits, empty without one, and the probabilities that are shown. */
interface Said {
  readonly logits: Float32Array;
  readonly probabilities: Float32Array<ArrayBuffer>;
}

async function saidOf({ snapshot, basis, ready }: Prepared, learnt: Learnt | null): Promise<Said> {
  const none = new Float32Array();
  const { tuned } = snapshot.base;
  if (!learnt) return { logits: none, probabilities: ready ? calibratedByHead(ready.alone, ready.logits) : none };
  const logits = learnt.fitted.tuned && tuned ? tuned.logits : await logitsOfFeatures(learnt.head, basis.features, productKept);
  const served = learnt.serving?.findings;
  if (!ready || !served) return { logits, probabilities: calibratedByHead(learnt.head, logits) };
  const k = served.length;
  const shown = logits.map((logit, i) => (served[i % k] ? ready.logits[i] : logit));
  return { logits, probabilities: calibratedByHead(learnt.head, shown) };
}

function sceneOf(
  { snapshot: { base }, table, basis, ready }: Prepared,
  learnt: Learnt | null,
  said: Said,
  signal: AbortSignal | undefined,
): Scene {
  const { open, audits, spare } = unanswered(base, table);
  const { search } = base.settings;
  const present = base.findings.map((_, f) => table.train.filter((row) => table.states[row * table.findings + f] === StateCode.present));
  const scores = learnt ? scoresOf(learnt, said) : null;
  return {
    task: base.task,
    findings: base.findings,
    features: basis.features,
    open,
    labelled: Int32Array.from(table.train),
    answered: table.labelled.length,
    audits,
    spare,
    scores,
    present,
    ready: ready && {
      speaks: learnt ? (learnt.serving?.findings ?? ready.known.map(() => false)) : ready.known,
      logits: ready.logits,
      probabilities: said.probabilities,
    },
    seed: base.seed,
    combine: base.settings.combine,
    // Likeness to an image of the reserve would draw training towards what is to measure it.
    search: search && { ...search, seeds: search.seeds.filter((row) => !table.keptOut.has(base.groups[row])) },
    signal,
  };
}

/** Who may be asked, and what for. */
function unanswered(base: SnapshotBase, { rows, labelled, keptOut, asked }: LabelTable): Pick<Scene, 'open' | 'audits' | 'spare'> {
  const { groups, draws } = reserveOf(base);
  const answered = new Uint8Array(rows);
  for (const row of labelled) answered[row] = 1;
  const open: number[] = [];
  const spare: number[] = [];
  base.groups.forEach((group, row) => {
    if (answered[row] === 1 || groups.has(group)) return;
    (keptOut.has(group) ? spare : open).push(row);
  });
  // Whoever has only answers that were not blind is still asked, with the same image.
  return { open: Int32Array.from(open), spare, audits: draws.filter((row) => !asked.has(base.groups[row])) };
}

/**
 * The head's logits at the temperature of its calibration, at equal priors. Asking where p is one half after the labelled
 * prevalence is put in would follow whatever the queue happened to ask before, and hardly ever ask for a rare finding.
 */
function scoresOf({ fitted }: Learnt, { logits, probabilities }: Said): Scores {
  const { slope, offset } = fitted.calibration;
  const k = slope.length;
  const m = fitted.linear.weight.length / k;
  const shift = Array.from(slope, (_, f) => {
    if (!fitted.linear.fitted[f]) return offset[f];
    if (atEqualPriors(fitted.kind)) return 0;
    const { present, absent } = countStates(fitted.targets, f);
    return -slope[f] * priorLogit(present, absent);
  });
  const z = new Float64Array(logits.length);
  for (let from = 0; from < z.length; from += k) {
    for (let f = 0; f < k; f++) z[from + f] = slope[f] * logits[from + f] + shift[f];
  }
  return {
    z,
    probabilities,
    weight: fitted.linear.weight.map((w, i) => w * slope[Math.floor(i / m)]),
    bias: fitted.linear.bias.map((b, f) => b * slope[f] + shift[f]),
    fitted: fitted.linear.fitted,
  };
}

/** A head as a file and its tensors, in float32: everything the app shows is computed from these. */
export async function describeHead(
  { snapshot, table, basis, ready }: Prepared,
  fitted: FittedHead,
  serving: Serving | null,
  created: string,
): Promise<Head> {
  const { base } = snapshot;
  const { mean, scale, projection, unit } = basis.transform;
  const k = base.findings.length;
  const m = basis.features.columns;
  const prior = choosePrior(fitted.targets, auditOf(base, table), base.task);
  const tensors: Record<string, Tensor> = {
    'scaling.mean': { shape: [base.encoder.d], data: mean },
    'scaling.scale': { shape: [base.encoder.d], data: scale },
    weight: { shape: [k, m], data: Float32Array.from(fitted.linear.weight) },
    bias: { shape: [k], data: Float32Array.from(fitted.linear.bias) },
    'calibration.slope': { shape: [k], data: Float32Array.from(fitted.calibration.slope) },
    'calibration.offset': { shape: [k], data: Float32Array.from(applyPrior(fitted.calibration, prior)) },
  };
  Object.assign(tensors, fitted.tuned);
  if (projection) tensors['projection'] = { shape: [projection.rows, projection.columns], data: projection.data };
  const served = ready && serving?.findings.includes(true) ? putServed(tensors, ready, serving, fitted.calibration) : null;
  const calibration = served?.calibration ?? fitted.calibration;
  const file: Omit<HeadFile, 'id' | 'created'> = {
    format: 'collimate-head',
    version: 1,
    kind: fitted.kind,
    task: base.task,
    findings: base.findings,
    encoder: base.encoder,
    projection: projection ? { components: projection.columns } : null,
    unit,
    ...(served ? { ready: served.ready } : {}),
    calibration: { method: calibration.method, perFinding: [...calibration.perFinding] },
    prior: { source: prior.source, values: [...prior.values], n: prior.n },
    regularisation: fitted.regularisation ? [...fitted.regularisation] : null,
    seed: base.seed,
    labels: {
      hash: await labelHash(base.embeddings, fitted.targets),
      count: fitted.targets.rows.length,
      perFinding: base.findings.map((_, f) => countStates(fitted.targets, f)),
    },
  };
  return { file: { ...file, id: await headId(file, tensors), created }, tensors };
}
