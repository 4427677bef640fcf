import { X } from 'lucide-react';
import { useEffect, useId, useRef, type ReactNode } from 'react';

interface Props {
  readonly title: string;
  readonly onClose: () => void;
  readonly children: ReactNode;
  readonly footer?: ReactNode;
  readonly width?: 'narrow' | 'normal' | 'wide' | 'widest';
  readonly testId: string;
  /** Nothing in it takes the focus, so that it must be scrollable by key itself. */
  readonly reading?: boolean;
  /** While work runs that closing would hide. */
  readonly busy?: boolean;
}

/** Where a person begins: the first field, in a group of choices the one that is made. */
function firstField(dialog: HTMLDialogElement): HTMLElement | undefined {
  const fields = [...dialog.querySelectorAll<HTMLElement>('.dialog-body :is(input, select, textarea, button):not(:disabled)')];
  return fields.find(
    (field) => !(field instanceof HTMLInputElement) || (field.type !== 'color' && (field.type !== 'radio' || field.checked)),
  );
}

/** A modal native dialog: focus stays inside, Escape closes, focus returns where it was. */
export function Dialog({ title, onClose, children, footer, width = 'normal', testId, busy = false, reading = false }: Props) {
  const ref = useRef<HTMLDialogElement>(null);
  const heading = useId();
  useEffect(() => {
    const dialog = ref.current;
    if (!dialog) return undefined;
    dialog.showModal();
    // The browser would begin at the cross that closes it.
    firstField(dialog)?.focus();
    return () => dialog.close();
  }, []);
  return (
    <dialog
      ref={ref}
      className={`dialog ${width}`}
      aria-labelledby={heading}
      data-testid={testId}
      onCancel={(event) => {
        event.preventDefault();
        // A dialog that was opened out of this one is inside it for React.
        if (event.target === event.currentTarget && !busy) onClose();
      }}
    >
      <div className="dialog-head">
        <h2 id={heading}>{title}</h2>
        <button className="icon-button" aria-label="Close" onClick={onClose} disabled={busy} data-testid={`${testId}-close`}>
          <X size={16} aria-hidden />
        </button>
      </div>
      <div className="dialog-body" {...(reading ? { tabIndex: 0, role: 'group', 'aria-labelledby': heading } : {})}>
        {children}
      </div>
      {footer !== undefined && <div className="dialog-foot">{footer}</div>}
    </dialog>
  );
}
