import { Contrast, FileText, FlipVertical2, Hand, Maximize, RotateCcw, RotateCw, Search, SunMedium, ZoomIn, ZoomOut } from 'lucide-react';
import type { ReactNode } from 'react';
import { useSession } from '../app/session-context';
import { useSignal } from '../app/signal';
import { Presets } from './Presets';

/** A button pressed by mouse does not take the keyboard: the next Enter still means the image. */
const keepFocus = (event: { preventDefault: () => void }) => event.preventDefault();

export function Tools({ onHeader }: { readonly onHeader: () => void }) {
  const { viewer } = useSession();
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
      {button('Magnifier: press and move', <Search size={16} aria-hidden />, () => viewer.setTool('magnify'), tool === 'magnify')}
      <hr />
      {button('Zoom in (+)', <ZoomIn size={16} aria-hidden />, () => viewer.zoom(1.25))}
      {button('Zoom out (-)', <ZoomOut size={16} aria-hidden />, () => viewer.zoom(0.8))}
      {button('Fit to window (F)', <Maximize size={16} aria-hidden />, () => viewer.fit())}
      {button('1:1, one image pixel on one screen pixel', <span className="tool-text">1:1</span>, () => viewer.actualSize())}
      <hr />
      <Presets />
      {button('Invert grey values (I)', <Contrast size={16} aria-hidden />, () => viewer.invert(), inverted)}
      {button('Turn by 90°', <RotateCw size={16} aria-hidden />, () => viewer.rotate())}
      {button('Mirror left and right', <FlipVertical2 size={16} aria-hidden />, () => viewer.mirror())}
      {button('Reset the view (R)', <RotateCcw size={16} aria-hidden />, () => viewer.reset())}
      <hr />
      {button('Header fields of the file', <FileText size={16} aria-hidden />, onHeader)}
    </div>
  );
}
