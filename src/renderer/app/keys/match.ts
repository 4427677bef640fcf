import { commands, type Command, type CommandId } from '../../../contract/commands';
import type { Finding } from '../../../contract/model';

/** The part of a keyboard event that decides. */
export interface KeyStroke {
  readonly key: string;
  readonly code: string;
  readonly shiftKey: boolean;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly altKey: boolean;
  readonly altGraph: boolean;
}

export type Place = 'welcome' | 'queue' | 'grid' | 'review';

export type Wish =
  | { readonly kind: 'command'; readonly id: CommandId }
  /** A finding's key; `unsure`: with Shift. */
  | { readonly kind: 'finding'; readonly finding: Finding; readonly unsure: boolean };

/**
 * What a key stroke asks for. Digits go by the key's place on the keyboard, because Shift and some layouts (AZERTY)
 * turn them into signs; letters and signs go by what they write.
 */
export function match(stroke: KeyStroke, place: Place, findings: readonly Finding[], mac: boolean): Wish | null {
  const mod = mac ? stroke.metaKey : stroke.ctrlKey;
  const plain = !stroke.ctrlKey && !stroke.metaKey && !stroke.altKey;
  if (plain && place !== 'welcome') {
    const pressed = digitOf(stroke) ?? stroke.key.toLowerCase();
    const finding = findings.find(({ hotkey }) => hotkey.toLowerCase() === pressed);
    if (finding) return { kind: 'finding', finding, unsure: stroke.shiftKey };
  }
  // AltGr writes signs such as { and [; Windows reports it as Ctrl and Alt together.
  const writes = plain || stroke.altGraph;
  for (const command of commands as readonly Command[]) {
    if (!acts(command, place)) continue;
    if (command.keys.some((keys) => hits(keys, stroke, mod && !stroke.altGraph, writes)))
      return { kind: 'command', id: command.id as CommandId };
  }
  return null;
}

const acts = ({ where }: Command, place: Place) =>
  where === 'everywhere' || where === place || (where === 'project' && place !== 'welcome') || (where === 'queue' && place === 'review');

function hits(keys: string, stroke: KeyStroke, mod: boolean, writes: boolean): boolean {
  const parts = keys === '+' ? ['+'] : keys.split('+');
  const key = parts.at(-1) ?? '';
  const wantsMod = parts.includes('Mod');
  const wantsShift = parts.includes('Shift');
  if (wantsMod) return mod && !stroke.altKey && stroke.shiftKey === wantsShift && stroke.key.toLowerCase() === key.toLowerCase();
  if (!writes) return false;
  if (/^\d$/.test(key)) return !stroke.shiftKey && digitOf(stroke) === key;
  if (/^[A-Z]$/i.test(key)) return stroke.shiftKey === wantsShift && stroke.key.toLowerCase() === key.toLowerCase();
  // Signs: whether Shift is needed to write them depends on the layout. Named keys: with Shift only where it is asked for.
  return stroke.key === key && (key.length === 1 || stroke.shiftKey === wantsShift);
}

function digitOf(stroke: KeyStroke): string | null {
  if (stroke.altGraph) return null;
  const found = /^(?:Digit|Numpad)(\d)$/.exec(stroke.code);
  const digit = found?.[1] ?? null;
  // A number pad without NumLock moves instead of writing.
  if (digit !== null && stroke.code.startsWith('Numpad') && stroke.key !== digit) return null;
  if (digit !== null) return digit;
  return stroke.code === '' && /^\d$/.test(stroke.key) ? stroke.key : null;
}

/** Whether keys belong to the element: writing, choosing in a list, or pressing a button. */
export function belongsTo(element: Element | null, stroke: Pick<KeyStroke, 'key' | 'ctrlKey' | 'metaKey'>): boolean {
  if (!element) return false;
  if (element.closest('[contenteditable="true"], textarea, select')) return true;
  const input = element.closest('input');
  if (input) {
    const { type } = input;
    if (type === 'range') return stroke.key.startsWith('Arrow') || stroke.key === 'Home' || stroke.key === 'End';
    if (type === 'checkbox' || type === 'radio') return stroke.key === ' ' || stroke.key.startsWith('Arrow');
    return true;
  }
  return (stroke.key === 'Enter' || stroke.key === ' ') && element.closest('button, a[href], summary') !== null;
}

/** A command's key as it is printed on a keyboard. */
export function keyLabel(keys: string, mac: boolean): string {
  const names: Record<string, string> = {
    Mod: mac ? '⌘' : 'Ctrl',
    Shift: mac ? '⇧' : 'Shift',
    ArrowRight: '→',
    ArrowLeft: '←',
    ArrowUp: '↑',
    ArrowDown: '↓',
    Escape: 'Esc',
    Backspace: '⌫',
    Delete: 'Del',
    ' ': 'Space',
  };
  if (keys === '+') return '+';
  return keys
    .split('+')
    .map((part) => names[part] ?? part)
    .join(mac ? '' : '+');
}

export const isMac = (): boolean => /mac/i.test(navigator.platform);

/** What a command does and its first key, for buttons. */
export function titleWithKey(id: CommandId): string {
  const command = (commands as readonly Command[]).find((each) => each.id === id);
  const [key] = command?.keys ?? [];
  return key === undefined ? (command?.title ?? id) : `${command?.title ?? id} (${keyLabel(key, isMac())})`;
}
