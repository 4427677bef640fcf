/**
 * The built-in encoder's ids, the one in use first. The two others were computed over float bytes that hung on the JavaScript engine (V8 of Electron,
 * V8 of Node): what was made under them is the same encoder's, to one float16 step in 30,000 values.
 */
export const BUILTIN_IDS = [
  '99447a67fb9b74344f7146c677b7c4342247ed28bf449abd2eedb417393ee3f6',
  'd705b1924ff868c42d26e52b623c8d3b501ae84f0f26f43283aad7fd7aeb8204',
  '32e2cbe0e9b3158233945e3434d6f7b4326ebd1319961ccf4ccb24fb3fc87c40',
] as const;

const builtin: ReadonlySet<string> = new Set(BUILTIN_IDS);

/** Under any of its ids. */
export const isBuiltinId = (id: string): boolean => builtin.has(id);

/** The id by which an encoder is known today. */
export const currentId = (id: string): string => (isBuiltinId(id) ? BUILTIN_IDS[0] : id);

/** Ids that this one replaced. */
export const earlierIds = (id: string): readonly string[] => (id === BUILTIN_IDS[0] ? BUILTIN_IDS.slice(1) : []);

/** Whether what was made with one belongs to the other. Ids are never compared in another way. */
export const isSameEncoder = (a: string, b: string): boolean => currentId(a) === currentId(b);

/** For sentences that tell two encoders apart: names may be equal. */
export const encoderLabel = ({ id, name }: { readonly id: string; readonly name: string }): string => `${name} (id ${id.slice(0, 12)})`;
