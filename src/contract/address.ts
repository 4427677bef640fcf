/** An address that may be asked: https anywhere, http on this machine alone. */
export function isSafe(url: URL): boolean {
  return url.protocol === 'https:' || (url.protocol === 'http:' && ['127.0.0.1', 'localhost', '[::1]'].includes(url.hostname));
}

/** Why this cannot be the address of a mirror, as the end of a sentence; null where it can. */
export function mirrorProblem(text: string): string | null {
  if (text === '') return null;
  if (text.length > 500) return 'It is too long.';
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    return 'It is no address. An address looks like https://mirror.example.org/path.';
  }
  if (!isSafe(url)) return 'It has to begin with https://, so that the connection is encrypted.';
  if (url.username !== '' || url.password !== '') return 'It cannot hold a name and a password.';
  if (url.search !== '' || url.hash !== '') return 'It ends before the first ? or #.';
  return null;
}
