import { isSameEncoder } from './encoder-identity';
import type { SnapshotBase, TunedHead } from './jobs/trainer';
import { reserveOf } from './reserve-draws';
import { tunedKind } from './tuned';

/** Why this head cannot serve that base, whose embeddings have the digest `names` (identity.poolDigest); null where it can. */
export function misfit({ file, learnt, pool, rows, held, logits }: TunedHead, base: SnapshotBase, names: string): string | null {
  const k = base.findings.length;
  const n = base.embeddings.length;
  if (tunedKind(file) === null) return 'it is no fine-tuned head';
  if (!isSameEncoder(file.encoder.id, base.encoder.id) || file.encoder.d !== base.encoder.d) return 'it is of another encoder';
  if (file.task !== base.task || file.findings.length !== k || learnt.length !== k) return 'it is for other findings';
  if (pool !== names) return 'it was made on other images';
  const { groups } = reserveOf(base);
  if (rows.some((row) => groups.has(base.groups[row] as number))) return 'it has learnt from images that are reserved for the audit now';
  const isWhole = held.length === rows.length * k && logits.length === n * k && rows.every((row) => row >= 0 && row < n);
  return isWhole ? null : 'it does not say enough of its images';
}
