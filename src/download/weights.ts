import { WeightsName } from '../contract/weights';

/** Weights that can be downloaded by name, with about their size; their licence is not stated (see the encoder's card). */
const PUBLISHED: Record<WeightsName, { title: string; file: string; bytes: number }> = {
  'eva-x-tiny': { title: 'EVA-X Ti', file: 'eva_x_tiny_patch16_merged520k_mim.pt', bytes: 24e6 },
  'eva-x-small': { title: 'EVA-X S', file: 'eva_x_small_patch16_merged520k_mim.pt', bytes: 87e6 },
  'eva-x-base': { title: 'EVA-X B', file: 'eva_x_base_patch16_merged520k_mim.pt', bytes: 344e6 },
};

export const weightsNames = WeightsName.options;

export const HUGGING_FACE = 'https://huggingface.co';

/** `mirror`: the address that stands in for https://huggingface.co, with the same paths below it. */
export function weightsOf(name: WeightsName, mirror: string = HUGGING_FACE) {
  const published = PUBLISHED[name];
  return { ...published, url: `${mirror.replace(/\/+$/, '')}/MapleF/eva_x/resolve/main/${published.file}` };
}
