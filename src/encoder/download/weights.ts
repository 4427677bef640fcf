/** Weights that can be downloaded by name; their licence is not stated (see the encoder's card). */
const PUBLISHED = {
  'eva-x-tiny': 'eva_x_tiny_patch16_merged520k_mim.pt',
  'eva-x-small': 'eva_x_small_patch16_merged520k_mim.pt',
  'eva-x-base': 'eva_x_base_patch16_merged520k_mim.pt',
} as const;

export type WeightsName = keyof typeof PUBLISHED;
export const weightsNames = Object.keys(PUBLISHED) as WeightsName[];

export const HUGGING_FACE = 'https://huggingface.co';

/** `mirror`: the address that stands in for https://huggingface.co, with the same paths below it. */
export function weightsOf(name: WeightsName, mirror: string = HUGGING_FACE): { file: string; url: string } {
  const file = PUBLISHED[name];
  return { file, url: `${mirror.replace(/\/+$/, '')}/MapleF/eva_x/resolve/main/${file}` };
}
