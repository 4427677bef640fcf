import { factsOf } from './facts';
import type { CellValue, Id, ImageRecord, Project, Use } from './model';

/**
 * The audit's reserve: a share of the patients, drawn once from the whole pool by the project's seed and never from what the queue has left
 * over, which is easier (test/bench/honesty). Nobody is taken in or let out by an answer, a ranking or an image that comes later: membership
 * hangs on the patient alone (on the file's contents where no patient is known), so main, page and trainer agree without a list.
 */
export function isReserved(
  image: Pick<ImageRecord, 'sha256' | 'patient' | 'study' | 'view' | 'stated'>,
  project: Pick<Project, 'seed' | 'audit'>,
): boolean {
  // Until a file is read its patient is not known either.
  if (project.audit.opened !== undefined || image.sha256 === null) return false;
  return isReservedKey(reserveKey(image.sha256, factsOf(image).patient), project.seed, project.audit.share);
}

/** What decides: the patient, else the file. */
export const reserveKey = (sha256: string, patient: string | null): string => (patient === null ? `file ${sha256}` : `patient ${patient}`);

export const isReservedKey = (key: string, seed: number, share: number): boolean => uniformOf(seed, key) < share;

/** What an answer given now is for: whatever was asked for the audit stays in it. */
export function useOf(cells: ReadonlyMap<Id, Pick<CellValue, 'use'>> | undefined, reserved: boolean): Use {
  if (reserved) return 'audit';
  for (const { use } of cells?.values() ?? []) if (use === 'audit') return 'audit';
  return 'train';
}

/** Whether the image was asked without its proposal: only such answers are the audit's. */
export function askedBlind(cells: ReadonlyMap<Id, Pick<CellValue, 'blind'>> | undefined): boolean {
  for (const { blind } of cells?.values() ?? []) if (blind) return true;
  return false;
}

/** A number in [0, 1) from a text, the same on every machine: cyrb53's two lanes of multiplications (53 bits), seeded. */
export function uniformOf(seed: number, text: string): number {
  let h1 = 0xdeadbeef ^ seed;
  let h2 = 0x41c6ce57 ^ Math.floor(seed / 4294967296);
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    h1 = Math.imul(h1 ^ code, 2654435761);
    h2 = Math.imul(h2 ^ code, 1597334677);
  }
  h1 = Math.imul(h1 ^ (h1 >>> 16), 2246822507) ^ Math.imul(h2 ^ (h2 >>> 13), 3266489909);
  h2 = Math.imul(h2 ^ (h2 >>> 16), 2246822507) ^ Math.imul(h1 ^ (h1 >>> 13), 3266489909);
  return ((h2 >>> 0) * 2 ** 21 + ((h1 >>> 0) >>> 11)) / 2 ** 53;
}
