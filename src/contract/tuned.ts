import type { EncoderState } from './encoder-card';
import type { HeadFile, TunedKind } from './head';

/** What each kind of fine-tuned head reads. */
export const stateOfKind: Readonly<Record<TunedKind, EncoderState>> = { attentive: 'tokens', block: 'blockInput' };

/** Null of a head that reads embeddings. */
export const tunedKind = ({ kind }: Pick<HeadFile, 'kind'>): TunedKind | null => (kind === 'attentive' || kind === 'block' ? kind : null);
