import { useEffectEvent, useLayoutEffect } from 'react';
import { commands, type CommandId } from '../../../contract/commands';
import type { Finding } from '../../../contract/model';
import { useServices } from '../environment';
import { belongsTo, isMac, match, type Place } from './match';

export interface Target {
  readonly place: Place;
  readonly findings: readonly Finding[];
  readonly command: (id: CommandId) => void;
  readonly finding: (finding: Finding, unsure: boolean) => void;
  /** A key that is held down does not repeat this command now. */
  readonly busy?: (id: CommandId) => boolean;
}

/** The one listener for keys, and the menu's choices: both end in the same commands. */
export function useDispatcher(target: Target): void {
  const { bridge } = useServices();
  const onKey = useEffectEvent((event: KeyboardEvent) => {
    // A dialog has the keyboard to itself.
    if (event.defaultPrevented || event.isComposing || document.querySelector('dialog[open]')) return;
    const element = event.target instanceof Element ? event.target : null;
    if (belongsTo(element, event)) return;
    const wish = match(
      {
        key: event.key,
        code: event.code,
        shiftKey: event.shiftKey,
        ctrlKey: event.ctrlKey,
        metaKey: event.metaKey,
        altKey: event.altKey,
        altGraph: event.getModifierState('AltGraph'),
      },
      target.place,
      target.findings,
      isMac(),
    );
    if (!wish) return;
    event.preventDefault();
    // A key held down may walk through images; it must not answer them.
    if (event.repeat && (wish.kind === 'finding' || commandGroup(wish.id) === 'label')) return;
    if (event.repeat && wish.kind === 'command' && target.busy?.(wish.id)) return;
    if (wish.kind === 'command') target.command(wish.id);
    else target.finding(wish.finding, wish.unsure);
  });
  const onMenu = useEffectEvent((id: string) => {
    const command = commands.find((each) => each.id === id);
    if (command && !document.querySelector('dialog[open]')) target.command(command.id);
  });
  // Before the first frame: what can be seen already hears the keys.
  useLayoutEffect(() => {
    const listener = (event: KeyboardEvent) => onKey(event);
    addEventListener('keydown', listener);
    const stop = bridge.on('command', ({ id }) => onMenu(id));
    return () => {
      removeEventListener('keydown', listener);
      stop();
    };
  }, [bridge]);
}

const commandGroup = (id: CommandId) => commands.find((each) => each.id === id)?.group;
