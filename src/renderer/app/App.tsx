import { useEffect, useRef, useState, type ComponentProps } from 'react';
import type { CommandId } from '../../contract/commands';
import type { Id } from '../../contract/model';
import { Welcome } from '../projects/Welcome';
import { NewProject } from '../projects/NewProject';
import { About } from '../settings/About';
import { SettingsDialog } from '../settings/SettingsDialog';
import { useServices } from './environment';
import { useDispatcher } from './keys/dispatcher';
import { KeysOverlay } from './keys/KeysOverlay';
import { ProblemList } from './ProblemList';
import { ProjectView } from './ProjectView';
import { openSession, type Opening, type Session } from './session';
import { useTheme } from './theme';

type Screen =
  | { readonly kind: 'welcome' }
  | { readonly kind: 'opening'; readonly project: Id; readonly progress: Opening | null }
  | { readonly kind: 'project'; readonly session: Session };
type Sheet = 'new' | 'settings' | 'encoders' | 'keys' | 'about' | null;

export function App() {
  const services = useServices();
  const { bridge, problems, settings } = services;
  const [screen, setScreen] = useState<Screen>({ kind: 'welcome' });
  const closing = useRef(Promise.resolve());
  const [sheet, setSheet] = useState<Sheet>(null);
  useTheme();
  useEffect(() => {
    void settings.load();
    return bridge.on('bug', ({ message, detail }) => problems.bug(message, detail));
  }, [bridge, problems, settings]);

  async function open(project: Id): Promise<void> {
    setSheet(null);
    setScreen({ kind: 'opening', project, progress: null });
    // What was closed may still be saving: its closing would come after the opening, and close what was just opened.
    await closing.current;
    const session = await openSession(services, project, (progress) => setScreen({ kind: 'opening', project, progress }));
    if (session.ok) {
      setScreen({ kind: 'project', session: session.value });
      return;
    }
    setScreen({ kind: 'welcome' });
    problems.failure(session.failure, { actions: [{ title: 'Try again', run: () => void open(project) }] });
  }
  const close = async (session: Session) => {
    setScreen({ kind: 'welcome' });
    closing.current = session.close();
    await closing.current;
  };
  const command = (id: CommandId) => {
    if (id === 'project.new') setSheet('new');
    else if (id === 'settings.open') setSheet('settings');
    else if (id === 'settings.encoders') setSheet('encoders');
    else if (id === 'help.keys') setSheet('keys');
    else if (id === 'help.about') setSheet('about');
  };

  const session = screen.kind === 'project' ? screen.session : null;
  return (
    <div className="app">
      {session ? (
        <ProjectView key={session.id} session={session} onClose={() => void close(session)} onCommand={command} />
      ) : (
        <Start
          onCommand={command}
          onOpen={(project) => void open(project)}
          opening={screen.kind === 'opening'}
          progress={screen.kind === 'opening' ? screen.progress : null}
        />
      )}
      {sheet === 'new' && (
        <NewProject
          onClose={() => setSheet(null)}
          onCreated={(project) => void (session ? close(session).then(() => open(project)) : open(project))}
        />
      )}
      {(sheet === 'settings' || sheet === 'encoders') && (
        <SettingsDialog
          key={sheet}
          first={sheet === 'encoders' ? 'encoders' : 'general'}
          images={session?.project().roots[0]?.path}
          onClose={() => setSheet(null)}
          onAbout={() => setSheet('about')}
        />
      )}
      {sheet === 'keys' && <KeysOverlay project={session?.project() ?? null} onClose={() => setSheet(null)} />}
      {sheet === 'about' && <About onClose={() => setSheet(null)} />}
      <ProblemList />
    </div>
  );
}

function Start(props: ComponentProps<typeof Welcome>) {
  useDispatcher({ place: 'welcome', findings: [], command: props.onCommand, finding: () => undefined });
  return <Welcome {...props} />;
}
