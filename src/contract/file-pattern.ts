import type { Stated } from './model';
import { fail, ok, type Result } from './result';

/**
 * A pattern of file names: {patient}, {study} and {view} stand for one character or more, each as few as possible from the
 * left; * for any, ? for one, none of them for '/'. Letters match in either case. A pattern with k slashes is about the last
 * k + 1 parts of a path; one whose last part has no dot leaves the file's ending aside.
 */
export interface FilePattern {
  readonly tokens: readonly Token[];
  /** Of the path's end. */
  readonly parts: number;
  readonly withEnding: boolean;
}

type Field = keyof Stated;
type Token = { readonly kind: 'text'; readonly text: string } | { readonly kind: 'one' | 'any' } | { readonly kind: Field };

const FIELDS: readonly Field[] = ['patient', 'study', 'view'];
const LONGEST = 200;

/** Fails: pattern-invalid with the reason. */
export function parsePattern(text: string): Result<FilePattern> {
  const wrong = (reason: string) => fail('pattern-invalid', { pattern: text, reason });
  const pattern = text.trim().replaceAll('\\', '/').replace(/^\/+/, '');
  if (pattern.length > LONGEST) return wrong(`it has more than ${String(LONGEST)} characters`);
  const tokens: Token[] = [];
  const seen = new Set<Field>();
  for (const piece of pattern.match(/\{[^{}]*\}|\*+|[^*]/gu) ?? []) {
    const name = /^\{(.*)\}$/s.exec(piece)?.[1]?.trim().toLowerCase();
    const field = FIELDS.find((each) => each === name);
    if (field) {
      if (seen.has(field)) return wrong(`{${field}} is there twice`);
      seen.add(field);
      tokens.push({ kind: field });
    } else if (name !== undefined) return wrong(`{${name}} is none of {patient}, {study} and {view}`);
    else if (piece.startsWith('*')) tokens.push({ kind: 'any' });
    else if (piece === '?') tokens.push({ kind: 'one' });
    else if (piece === '{' || piece === '}') return wrong('a brace is not closed');
    else tokens.push({ kind: 'text', text: lowered(piece) });
  }
  if (seen.size === 0) return wrong('it has none of {patient}, {study} and {view}');
  const names = pattern.split('/');
  return ok({ tokens, parts: names.length, withEnding: (names.at(-1) ?? '').includes('.') });
}

/** What the pattern says of a path with '/' between its parts; null where the path is not like it. */
export function matchPattern({ tokens, parts, withEnding }: FilePattern, path: string): Stated | null {
  const names = path.split('/');
  if (names.length < parts) return null;
  const end = names.slice(-parts).join('/');
  const text = withEnding ? end : end.replace(/\.[^./]*$/, '');
  const found = new Map<Field, string>();
  return matches(text, lowered(text), tokens, 0, 0, found, new Set())
    ? { patient: found.get('patient') ?? null, study: found.get('study') ?? null, view: found.get('view') ?? null }
    : null;
}

/** Each place is tried once for each token (`failed` remembers): names made to be slow are not. */
function matches(
  text: string,
  lower: string,
  tokens: readonly Token[],
  t: number,
  from: number,
  found: Map<Field, string>,
  failed: Set<number>,
): boolean {
  const token = tokens[t];
  if (!token) return from === text.length;
  const key = t * (text.length + 1) + from;
  if (failed.has(key)) return false;
  const rest = (at: number) => matches(text, lower, tokens, t + 1, at, found, failed);
  const slash = text.indexOf('/', from);
  const limit = slash < 0 ? text.length : slash;
  let matched = false;
  if (token.kind === 'text') matched = lower.startsWith(token.text, from) && rest(from + token.text.length);
  else if (token.kind === 'one') matched = from < limit && rest(from + 1);
  else {
    for (let to = token.kind === 'any' ? from : from + 1; to <= limit && !matched; to += 1) {
      matched = rest(to);
      if (matched && token.kind !== 'any') found.set(token.kind, text.slice(from, to));
    }
  }
  if (!matched) failed.add(key);
  return matched;
}

/** ASCII alone: other letters may change their number of characters. */
const lowered = (text: string) => text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
