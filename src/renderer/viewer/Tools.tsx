import {
  Columns2,
  Contrast,
  FileText,
  FlipVertical2,
  Hand,
  Maximize,
  RotateCcw,
  RotateCw,
  Search,
  SunMedium,
  ZoomIn,
  ZoomOut,
} from 'lucide-react';
import type { ReactNode } from 'react';
import { titleWithKey } from '../app/keys/match';
import { useSession } from '../app/session-context';
import { useSignal } from '../app/signal';
import { Presets } from './Presets';

/** A button pressed by mouse does not take the keyboard: the next Enter still means the image. */
const keepFocus = (event: { preventDefault: () => void }) => event.preventDefault();

export function Tools({ onHeader }: { readonly onHeader: () => void }) {
  const { viewer, comparison } = useSession();
  const comparing = useSignal(comparison.open);
  const { tool, inverted } = useSignal(viewer.state);
  const button = (title: string, icon: ReactNode, run: () => void, pressed?: boolean) => (
    <button
      className="icon-button"
      title={title}
      aria-label={title}
      onClick={run}
      onMouseDown={keepFocus}
      {...(pressed === undefined ? {} : { 'aria-pressed': pressed })}
    >
      {icon}
    </button>
  );
  return (
    <div className="viewer-tools" role="toolbar" aria-label="View" aria-orientation="vertical">
      {button('Move the image by dragging', <Hand size={16} aria-hidden />, () => viewer.setTool('pan'), tool === 'pan')}
      {button(
        'Brightness and contrast by dragging (also with the right button)',
        <SunMedium size={16} aria-hidden />,
        () => viewer.setTool('window'),
        tool === 'window',
      )}
      {button(titleWithKey('view.magnifier'), <Search size={16} aria-hidden />, () => viewer.setTool('magnify'), tool === 'magnify')}
      <hr />
      {button(titleWithKey('view.zoomIn'), <ZoomIn size={16} aria-hidden />, () => viewer.zoom(1.25))}
      {button(titleWithKey('view.zoomOut'), <ZoomOut size={16} aria-hidden />, () => viewer.zoom(0.8))}
      {button(titleWithKey('view.fit'), <Maximize size={16} aria-hidden />, () => viewer.fit())}
      {button(titleWithKey('view.actualSize'), <span className="tool-text">1:1</span>, () => viewer.actualSize())}
      <hr />
      <Presets />
      {button(titleWithKey('view.invert'), <Contrast size={16} aria-hidden />, () => viewer.invert(), inverted)}
      {button(titleWithKey('view.rotate'), <RotateCw size={16} aria-hidden />, () => viewer.rotate())}
      {button(titleWithKey('view.mirror'), <FlipVertical2 size={16} aria-hidden />, () => viewer.mirror())}
      {button(titleWithKey('view.reset'), <RotateCcw size={16} aria-hidden />, () => viewer.reset())}
      <hr />
      {button(titleWithKey('view.compare'), <Columns2 size={16} aria-hidden />, () => comparison.open.update((open) => !open), comparing)}
      {button(titleWithKey('view.header'), <FileText size={16} aria-hidden />, onHeader)}
    </div>
  );
}
