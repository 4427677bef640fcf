import type { CommandId } from '../../contract/commands';
import type { WindowKind } from '../../contract/jobs/imaging';
import type { ViewerControls } from './controls';

/** The command that shows a window of this kind. */
export const windowCommands: Readonly<Record<WindowKind, CommandId>> = {
  file: 'view.windowFile',
  auto: 'view.windowAuto',
  narrow: 'view.windowNarrow',
  lung: 'view.windowLung',
  bone: 'view.windowBone',
  full: 'view.windowFull',
};

const absent: Partial<Record<WindowKind, string>> = {
  file: 'This file states no window.',
  lung: 'A colour image has no lung window.',
  bone: 'A colour image has no bone window.',
};

/** What the keys, menu items and buttons of the large view do. */
export function viewerCommands(viewer: ViewerControls, hint: (text: string) => void): Partial<Record<CommandId, () => void>> {
  const show = (kind: WindowKind) => () => {
    if (viewer.state.get().window && !viewer.chooseKind(kind)) hint(absent[kind] ?? '');
  };
  return {
    'view.zoomIn': () => viewer.zoom(1.25),
    'view.zoomOut': () => viewer.zoom(0.8),
    'view.fit': () => viewer.fit(),
    'view.actualSize': () => viewer.actualSize(),
    'view.invert': () => viewer.invert(),
    'view.brighter': () => viewer.brighter(0.05),
    'view.darker': () => viewer.brighter(-0.05),
    'view.moreContrast': () => viewer.contrast(1.1),
    'view.lessContrast': () => viewer.contrast(1 / 1.1),
    'view.nextWindow': () => viewer.nextPreset(),
    'view.windowFile': show('file'),
    'view.windowAuto': show('auto'),
    'view.windowNarrow': show('narrow'),
    'view.windowLung': show('lung'),
    'view.windowBone': show('bone'),
    'view.windowFull': show('full'),
    'view.magnifier': () => viewer.toggleMagnifier(),
    'view.rotate': () => viewer.rotate(),
    'view.mirror': () => viewer.mirror(),
    'view.reset': () => viewer.reset(),
  };
}
