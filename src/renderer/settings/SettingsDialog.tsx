import { useId, useRef, useState, type KeyboardEvent } from 'react';
import { Dialog } from '../controls/Dialog';
import { EncodersPage } from './EncodersPage';
import { GeneralPage } from './GeneralPage';
import { LearningPage } from './LearningPage';
import { NetworkPage } from './NetworkPage';
import './settings.css';

/** Those that need no images take none. */
const pages = [
  { name: 'general', title: 'General', Page: GeneralPage },
  { name: 'encoders', title: 'Encoders', Page: EncodersPage },
  { name: 'network', title: 'Network', Page: NetworkPage },
  { name: 'learning', title: 'Learning', Page: LearningPage },
] as const;

interface Props {
  readonly first: (typeof pages)[number]['name'];
  /** The folder of the open project. */
  readonly images: string | undefined;
  readonly onClose: () => void;
  readonly onAbout: () => void;
}

export function SettingsDialog({ first, images, onClose, onAbout }: Props) {
  const [shown, setShown] = useState(pages.findIndex((page) => page.name === first));
  const panel = useId();
  const tabs = useRef<(HTMLButtonElement | null)[]>([]);
  const { name, Page } = pages[shown] ?? pages[0];
  const go = (event: KeyboardEvent, to: number) => {
    event.preventDefault();
    const next = (to + pages.length) % pages.length;
    setShown(next);
    tabs.current[next]?.focus();
  };
  const byKey = (event: KeyboardEvent) => {
    if (event.key === 'ArrowRight') go(event, shown + 1);
    else if (event.key === 'ArrowLeft') go(event, shown - 1);
    else if (event.key === 'Home') go(event, 0);
    else if (event.key === 'End') go(event, pages.length - 1);
  };
  const footer = (
    <>
      <button className="button" onClick={onAbout}>
        About Collimate
      </button>
      <span className="spacer" />
      <button className="button primary" onClick={onClose}>
        Done
      </button>
    </>
  );
  return (
    <Dialog title="Settings" onClose={onClose} width="wide" testId="settings-dialog" footer={footer}>
      <div className="settings-tabs" role="tablist" aria-label="Pages of the settings" onKeyDown={byKey}>
        {pages.map((page, i) => (
          <button
            key={page.name}
            ref={(element) => {
              tabs.current[i] = element;
            }}
            type="button"
            role="tab"
            id={`${panel}-${page.name}`}
            aria-selected={i === shown}
            aria-controls={panel}
            tabIndex={i === shown ? 0 : -1}
            onClick={() => setShown(i)}
            data-testid={`settings-${page.name}`}
          >
            {page.title}
          </button>
        ))}
      </div>
      <div className="settings" role="tabpanel" id={panel} aria-labelledby={`${panel}-${name}`}>
        <Page images={images} />
      </div>
    </Dialog>
  );
}
