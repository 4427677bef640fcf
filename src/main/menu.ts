import { Menu, app, type MenuItemConstructorOptions } from 'electron';
import { commands, type Command, type CommandId } from '../contract/commands';

/** The menu bar, made from the registry of commands. The page handles the keys; the menu shows them. */
export function setupMenu(choose: (id: CommandId) => void): void {
  const group = (name: Command['group']): MenuItemConstructorOptions[] =>
    commands
      .filter((command) => command.group === name)
      .map((command) => {
        const key = (command.keys as readonly string[])[0];
        const item: MenuItemConstructorOptions = { label: command.title, click: () => choose(command.id) };
        return key === undefined ? item : { ...item, accelerator: accelerator(key), registerAccelerator: false };
      });
  const mac = process.platform === 'darwin';
  const template: MenuItemConstructorOptions[] = [
    ...(mac ? [{ role: 'appMenu' as const }] : []),
    { label: '&File', submenu: [...group('project'), { type: 'separator' }, mac ? { role: 'close' } : { role: 'quit' }] },
    { label: '&Edit', submenu: [...group('edit'), { type: 'separator' }, { role: 'cut' }, { role: 'copy' }, { role: 'paste' }] },
    { label: '&Label', submenu: group('label') },
    { label: '&Go', submenu: group('navigate') },
    {
      label: '&View',
      submenu: [
        ...group('view'),
        { type: 'separator' },
        { role: 'togglefullscreen' },
        ...(app.isPackaged ? [] : [{ role: 'toggleDevTools' as const }]),
      ],
    },
    { role: 'windowMenu' },
    { label: '&Help', submenu: group('help') },
  ];
  Menu.setApplicationMenu(Menu.buildFromTemplate(template));
}

const names: Record<string, string> = {
  Mod: 'CmdOrCtrl',
  ArrowRight: 'Right',
  ArrowLeft: 'Left',
  ArrowUp: 'Up',
  ArrowDown: 'Down',
  '+': 'Plus',
  ' ': 'Space',
};

const accelerator = (key: string) =>
  key === '+'
    ? 'Plus'
    : key
        .split('+')
        .map((part) => names[part] ?? part)
        .join('+');
