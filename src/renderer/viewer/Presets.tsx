import { SlidersHorizontal } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';
import { windowSentences } from '../../contract/catalogue';
import { commands } from '../../contract/commands';
import type { WindowKind } from '../../contract/jobs/imaging';
import { useSession } from '../app/session-context';
import { useSignal } from '../app/signal';
import { Key } from '../controls/Key';
import { windowCommands } from './commands';
import { windowFigures } from './window';

/** The windows that the file brings, and those made from its samples. */
export function Presets() {
  const { viewer } = useSession();
  const { presets, window, rescale } = useSignal(viewer.state);
  const [open, setOpen] = useState(false);
  const whole = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!open) return undefined;
    const outside = (event: PointerEvent) => {
      if (event.target instanceof Node && !whole.current?.contains(event.target)) setOpen(false);
    };
    const escape = (event: KeyboardEvent) => {
      if (event.key !== 'Escape') return;
      event.stopPropagation();
      setOpen(false);
    };
    addEventListener('pointerdown', outside, true);
    addEventListener('keydown', escape, true);
    return () => {
      removeEventListener('pointerdown', outside, true);
      removeEventListener('keydown', escape, true);
    };
  }, [open]);
  return (
    <div className="presets-of-windows" ref={whole}>
      <button
        className="icon-button"
        title="Window presets (,)"
        aria-label="Window presets (,)"
        aria-expanded={open}
        onMouseDown={(event) => event.preventDefault()}
        onClick={() => setOpen((was) => !was)}
        data-testid="window-presets"
      >
        <SlidersHorizontal size={16} aria-hidden />
      </button>
      {open && (
        <div className="window-list" role="group" aria-label="Window presets">
          {presets.map((preset, place) => (
            <button
              key={`${String(place)} ${preset.name}`}
              aria-pressed={preset === window}
              title={windowSentences[preset.kind]}
              onMouseDown={(event) => event.preventDefault()}
              onClick={() => {
                viewer.choosePreset(place);
                setOpen(false);
              }}
              data-testid={`window-preset-${String(place)}`}
            >
              <span>{preset.name}</span>
              <span className="window-figures">{windowFigures(preset, rescale)}</span>
              <Key label={keyOf(preset.kind)} />
            </button>
          ))}
        </div>
      )}
    </div>
  );
}

const keyOf = (kind: WindowKind): string => commands.find(({ id }) => id === windowCommands[kind])?.keys[0] ?? '';
