import { describe, expect, it } from 'vitest';
import { commands, findingKeys } from '../../../../../src/contract/commands';
import { belongsTo, keyLabel, match, type KeyStroke } from '../../../../../src/renderer/app/keys/match';
import { makeProject } from '../../made-up/project';

const { findings } = makeProject(
  'multilabel',
  Array.from({ length: 12 }, (_, i) => `Finding ${String(i)}`),
);
const stroke = (key: string, more: Partial<KeyStroke> = {}): KeyStroke => ({
  key,
  code: /^\d$/.test(key) ? `Digit${key}` : /^[a-z]$/i.test(key) ? `Key${key.toUpperCase()}` : key,
  shiftKey: false,
  ctrlKey: false,
  metaKey: false,
  altKey: false,
  altGraph: false,
  ...more,
});
const wish = (s: KeyStroke, place: 'welcome' | 'queue' | 'grid' = 'queue', mac = false) => {
  const found = match(s, place, findings, mac);
  if (!found) return null;
  return found.kind === 'command' ? found.id : `${found.finding.name}${found.unsure ? ' unsure' : ''}`;
};

describe('keys', () => {
  it('of findings answer, with Shift unsure', () => {
    expect(wish(stroke('1'))).toBe('Finding 0');
    expect(wish(stroke('b'))).toBe('Finding 9');
    expect(wish(stroke('!', { code: 'Digit1', shiftKey: true }))).toBe('Finding 0 unsure');
    expect(wish(stroke('B', { shiftKey: true }))).toBe('Finding 9 unsure');
    // AZERTY writes & without Shift.
    expect(wish(stroke('&', { code: 'Digit1' }))).toBe('Finding 0');
    expect(wish(stroke('1', { code: 'Numpad1' }))).toBe('Finding 0');
    expect(wish(stroke('End', { code: 'Numpad1' }))).toBeNull();
  });

  it('of findings do nothing outside of a project', () => {
    expect(wish(stroke('1'), 'welcome')).toBeNull();
  });

  it('of commands act where they belong', () => {
    expect(wish(stroke('x'))).toBe('label.skip');
    expect(wish(stroke('x'), 'grid')).toBeNull();
    expect(wish(stroke('a', { ctrlKey: true }), 'grid')).toBe('grid.selectAll');
    expect(wish(stroke('a', { ctrlKey: true }))).toBeNull();
    expect(wish(stroke('a'))).toBe('label.absentRest');
    expect(wish(stroke('0'))).toBe('label.unsure');
    expect(wish(stroke('Enter'))).toBe('label.accept');
    expect(wish(stroke('z', { ctrlKey: true }))).toBe('edit.undo');
    expect(wish(stroke('Z', { ctrlKey: true, shiftKey: true }))).toBe('edit.redo');
    expect(wish(stroke('z', { metaKey: true }), 'queue', true)).toBe('edit.undo');
    expect(wish(stroke('n', { ctrlKey: true }), 'welcome')).toBe('project.new');
  });

  it('of signs act however the layout writes them', () => {
    expect(wish(stroke('?', { code: 'Slash', shiftKey: true }), 'welcome')).toBe('help.keys');
    expect(wish(stroke('?', { code: 'Minus', shiftKey: true }))).toBe('help.keys');
    expect(wish(stroke('+', { code: 'BracketRight' }))).toBe('view.zoomIn');
    // German: { is AltGr and 7, which Windows reports as Ctrl and Alt.
    expect(wish(stroke('{', { code: 'Digit7', ctrlKey: true, altKey: true, altGraph: true }))).toBe('view.lessContrast');
    // German: = is Shift and 0, which is not "unsure".
    expect(wish(stroke('=', { code: 'Digit0', shiftKey: true }))).toBe('view.zoomIn');
  });

  it('of findings and commands never collide', () => {
    const taken = commands.flatMap(({ keys }) => (keys as readonly string[]).map((key) => key.toLowerCase()));
    expect(findingKeys.filter((key) => taken.includes(key))).toEqual([]);
  });

  it('are left to fields, lists and focused buttons', () => {
    document.body.innerHTML =
      '<input id="t" type="text"><input id="r" type="range"><select id="s"></select><button id="b"><i id="i"></i></button><div id="d"></div>';
    const at = (name: string) => document.getElementById(name);
    expect(belongsTo(at('t'), stroke('1'))).toBe(true);
    expect(belongsTo(at('t'), stroke('z', { ctrlKey: true }))).toBe(true);
    expect(belongsTo(at('s'), stroke('b'))).toBe(true);
    expect(belongsTo(at('r'), stroke('ArrowLeft'))).toBe(true);
    expect(belongsTo(at('r'), stroke('1'))).toBe(false);
    expect(belongsTo(at('i'), stroke('Enter'))).toBe(true);
    expect(belongsTo(at('b'), stroke('1'))).toBe(false);
    expect(belongsTo(at('d'), stroke('Enter'))).toBe(false);
  });

  it('are named as they are printed', () => {
    expect(keyLabel('Mod+Shift+Z', false)).toBe('Ctrl+Shift+Z');
    expect(keyLabel('Mod+Shift+Z', true)).toBe('⌘⇧Z');
    expect(keyLabel('+', false)).toBe('+');
  });
});
