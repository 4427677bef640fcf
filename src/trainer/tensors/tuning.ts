import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-core/dist/register_all_gradients';
import type { Tensor } from '../../contract/head';
import type { Task } from '../../contract/model';
import { onBackend } from './fallback';

/** Numbers by name. */
export type Values = Readonly<Record<string, Tensor>>;

/** A parameter is start + unit x delta, where delta starts at zero: Adam's steps are then of one size for all of them. */
export interface Parameter {
  readonly start: Tensor;
  /** One number, or one for each place of the last axis. */
  readonly unit: Float32Array;
}

/** A head that is trained by gradients: a differentiable function of its parameters. */
export interface Trainable {
  readonly parameters: Readonly<Record<string, Parameter>>;
  /** Numbers that stay as they are. */
  readonly constants: Values;
  /** Logits [B, K] of states [B, T, d]. */
  readonly logits: (states: tf.Tensor3D, parameters: Tensors, constants: Tensors) => tf.Tensor2D;
}

export type Tensors = Readonly<Record<string, tf.Tensor>>;

export function named(tensors: Tensors, name: string): tf.Tensor {
  const tensor = tensors[name];
  if (!tensor) throw new Error(`there is no tensor ${name}`);
  return tensor;
}

/** Where training stands, in plain numbers: it survives the loss of a device. */
export interface Progress {
  readonly steps: number;
  readonly delta: Values;
  readonly first: Values;
  readonly second: Values;
}

/** Images with their truth: y and weight [B, K]; a cell of weight 0 does not count. */
export interface Batch {
  readonly states: Tensor;
  readonly y: Float32Array;
  readonly weight: Float32Array;
}

export interface Optimiser {
  readonly rate: number;
  /** Pull of each delta towards zero, added to its gradient. */
  readonly decay: number;
  /** The same beside the gradient, as AdamW has it (Loshchilov and Hutter, ICLR 2019): a step takes off rate times this of each delta. */
  readonly decoupled?: number;
}

const BETA1 = 0.9;
const BETA2 = 0.999;

export function beginning({ parameters }: Trainable): Progress {
  const zeros = () =>
    Object.fromEntries(
      Object.entries(parameters).map(([name, { start }]) => [name, { shape: start.shape, data: new Float32Array(start.data.length) }]),
    );
  return { steps: 0, delta: zeros(), first: zeros(), second: zeros() };
}

/** The parameters' values after some training. */
export function valuesOf({ parameters }: Trainable, { delta }: Progress): Record<string, Tensor> {
  return Object.fromEntries(
    Object.entries(parameters).map(([name, { start, unit }]) => {
      const moved = delta[name]?.data ?? new Float32Array();
      return [name, { shape: start.shape, data: start.data.map((value, i) => value + unit[i % unit.length] * (moved[i] ?? 0)) }];
    }),
  );
}

/** One pass of Adam (Kingma and Ba, ICLR 2015) over the batches. A backend that fails in it is replaced, and the pass is done again. */
export function trainPass(
  model: Trainable,
  task: Task,
  at: Progress,
  batches: readonly (() => Promise<Batch>)[],
  optimiser: Optimiser,
  between: () => Promise<void>,
): Promise<Progress> {
  return onBackend(async () => {
    let steps = at.steps;
    const fixed = fixedOf(model);
    let state = { delta: uploaded(at.delta), first: uploaded(at.first), second: uploaded(at.second) };
    try {
      for (const next of batches) {
        const batch = await next();
        steps++;
        const moved = tf.tidy(() => step(model, task, state, fixed, batch, steps, optimiser));
        dispose(state);
        state = moved;
        await between();
      }
      return { steps, delta: await downloaded(state.delta), first: await downloaded(state.first), second: await downloaded(state.second) };
    } finally {
      dispose(state);
      disposeFixed(fixed);
    }
  });
}

/** Logits [n, K] of all batches, in their order. */
export function score(
  model: Pick<Trainable, 'constants' | 'logits'>,
  values: Values,
  batches: readonly (() => Promise<Pick<Batch, 'states'>>)[],
  between: () => Promise<void>,
): Promise<Float32Array> {
  return onBackend(async () => {
    const parameters = uploaded(values);
    const constants = uploaded(model.constants);
    try {
      const parts: Float32Array[] = [];
      for (const next of batches) {
        const { states } = await next();
        const logits = tf.tidy(() => model.logits(upload(states) as tf.Tensor3D, parameters, constants));
        parts.push((await logits.data()).slice() as Float32Array);
        logits.dispose();
        await between();
      }
      const out = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
      let from = 0;
      for (const part of parts) {
        out.set(part, from);
        from += part.length;
      }
      return out;
    } finally {
      tf.dispose([...Object.values(parameters), ...Object.values(constants)]);
    }
  });
}

/** The gradient of the weighted log loss by each delta, on one batch. */
export function gradientsOf(model: Trainable, task: Task, at: Progress, batch: Batch): Promise<Record<string, Tensor>> {
  return onBackend(async () => {
    const fixed = fixedOf(model);
    const delta = uploaded(at.delta);
    const found = tf.tidy(() => gradients(model, task, delta, fixed, batch));
    const out = await downloaded(found);
    disposeFixed(fixed);
    tf.dispose([...Object.values(delta), ...Object.values(found)]);
    return out;
  });
}

type Moving = Record<'delta' | 'first' | 'second', Tensors>;

/** What stays on the backend through a pass. */
interface Fixed {
  readonly constants: Tensors;
  readonly starts: Tensors;
  readonly units: Tensors;
}

function fixedOf({ constants, parameters }: Trainable): Fixed {
  const of = (part: (parameter: Parameter) => Tensor) =>
    uploaded(Object.fromEntries(Object.entries(parameters).map(([name, parameter]) => [name, part(parameter)])));
  return {
    constants: uploaded(constants),
    starts: of(({ start }) => start),
    units: of(({ unit }) => ({ shape: [unit.length], data: unit })),
  };
}

const disposeFixed = (fixed: Fixed) => tf.dispose(Object.values(fixed).flatMap((part: Tensors) => Object.values(part)));

function step(model: Trainable, task: Task, state: Moving, fixed: Fixed, batch: Batch, steps: number, optimiser: Optimiser): Moving {
  const found = gradients(model, task, state.delta, fixed, batch);
  const out: Record<keyof Moving, Record<string, tf.Tensor>> = { delta: {}, first: {}, second: {} };
  const rate = (optimiser.rate * Math.sqrt(1 - BETA2 ** steps)) / (1 - BETA1 ** steps);
  for (const name of Object.keys(model.parameters)) {
    const [delta, before, square] = [state.delta[name], state.first[name], state.second[name]] as [tf.Tensor, tf.Tensor, tf.Tensor];
    const gradient = tf.add(found[name], tf.mul(delta, optimiser.decay));
    const first = tf.add(tf.mul(before, BETA1), tf.mul(gradient, 1 - BETA1));
    const second = tf.add(tf.mul(square, BETA2), tf.mul(tf.square(gradient), 1 - BETA2));
    out.first[name] = first;
    out.second[name] = second;
    const kept = optimiser.decoupled === undefined ? delta : tf.mul(delta, 1 - optimiser.rate * optimiser.decoupled);
    out.delta[name] = tf.sub(kept, tf.mul(tf.div(first, tf.add(tf.sqrt(second), 1e-8)), rate));
  }
  return out;
}

function gradients(model: Trainable, task: Task, delta: Tensors, fixed: Fixed, batch: Batch): Record<string, tf.Tensor> {
  const names = Object.keys(model.parameters);
  const k = batch.y.length / (batch.states.shape[0] ?? 1);
  const states = upload(batch.states) as tf.Tensor3D;
  const y = tf.tensor2d(batch.y, [batch.y.length / k, k]);
  const weight = tf.tensor2d(batch.weight, [batch.y.length / k, k]);
  const loss = tf.customGrad((...inputs) => {
    const [logits, save] = inputs as unknown as [tf.Tensor2D, (tensors: tf.Tensor[]) => void];
    // The derivative of the log loss by the logits; nobody needs the loss itself here.
    const residual = tf.mul(tf.sub(task === 'multilabel' ? tf.sigmoid(logits) : tf.softmax(logits), y), weight);
    save([residual]);
    return { value: tf.sum(residual), gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => tf.mul(dy, saved[0]) };
  });
  const found = tf.grads((...deltas: tf.Tensor[]) => {
    const parameters = Object.fromEntries(names.map((name, i) => [name, tf.add(fixed.starts[name], tf.mul(deltas[i], fixed.units[name]))]));
    return loss(model.logits(states, parameters, fixed.constants));
  })(names.map((name) => delta[name]));
  return Object.fromEntries(names.map((name, i) => [name, found[i]]));
}

const upload = ({ shape, data }: Tensor) => tf.tensor(data, [...shape], 'float32');
const uploaded = (values: Values): Tensors => Object.fromEntries(Object.entries(values).map(([name, value]) => [name, upload(value)]));

async function downloaded(tensors: Tensors): Promise<Record<string, Tensor>> {
  const out: Record<string, Tensor> = {};
  for (const [name, tensor] of Object.entries(tensors))
    out[name] = { shape: tensor.shape, data: (await tensor.data()).slice() as Float32Array };
  return out;
}

const dispose = (state: Moving) => tf.dispose(Object.values(state).flatMap((part) => Object.values(part)));
