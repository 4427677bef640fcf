import { Contrast, Hand, Maximize, RotateCcw, SunMedium, ZoomIn, ZoomOut } from 'lucide-react';
import { useEffect, useRef, useState, type ReactNode } from 'react';
import { explain } from '../../contract/catalogue';
import type { Id } from '../../contract/model';
import type { Failure } from '../../contract/result';
import { useServices } from '../app/environment';
import { useSession } from '../app/session-context';
import { useSignal } from '../app/signal';
import { count } from '../controls/figures';
import { useImage } from '../labels/use-labels';
import type { PixelCache } from './pixel-cache';
import type { DecodedImage } from './pixels';
import { PixelCanvas } from './PixelCanvas';
import { usePointer } from './use-pointer';
import './viewer.css';

type Loaded = { readonly image: Id; readonly pixels: DecodedImage | null; readonly failure: Failure | null };

/** The large view of one image: the thumbnail at once, the full-depth pixels as soon as they are there. */
export function Viewer({ image, cache }: { readonly image: Id; readonly cache: PixelCache }) {
  const { pictures } = useServices();
  const { id: project, viewer } = useSession();
  const { record } = useImage(image);
  const box = useRef<HTMLDivElement>(null);
  const [loaded, setLoaded] = useState<Loaded | null>(null);
  const state = useSignal(viewer.state);
  usePointer(box, viewer);

  useEffect(() => {
    let current = true;
    viewer.clear();
    if (record?.width && record.height) viewer.setImage({ width: record.width, height: record.height });
    void cache.get(image).then((result) => {
      if (!current || !result) return;
      setLoaded({ image, pixels: result.ok ? result.value : null, failure: result.ok ? null : result.failure });
      if (!result.ok) return;
      viewer.setImage(result.value);
      const [window] = result.value.windows;
      if (window) viewer.setDefaultWindow({ center: window.center, width: window.width });
    });
    return () => {
      current = false;
    };
    // The record may be renewed while the image is shown; that is no reason to begin again.
    // oxlint-disable-next-line react/exhaustive-deps
  }, [image, cache, viewer]);

  useEffect(() => {
    const element = box.current;
    if (!element) return undefined;
    const observer = new ResizeObserver(() => viewer.setBox({ width: element.clientWidth, height: element.clientHeight }));
    observer.observe(element);
    viewer.setBox({ width: element.clientWidth, height: element.clientHeight });
    return () => observer.disconnect();
  }, [viewer]);

  const here = loaded?.image === image ? loaded : null;
  const size = state.image;
  const name = record?.path ?? image;
  return (
    <section className="viewer" aria-label="Image">
      <div
        ref={box}
        className={`viewer-box tool-${state.tool}`}
        data-testid="queue-image"
        data-image={image}
        data-path={record?.path}
        data-ready={here?.pixels ? 'full' : 'thumbnail'}
      >
        {!here?.pixels && (
          <img
            key={image}
            className="viewer-thumbnail"
            src={pictures.thumbnail(project, image)}
            alt=""
            draggable={false}
            style={size ? { width: size.width * state.placement.scale, height: size.height * state.placement.scale } : undefined}
            onLoad={({ currentTarget }) => {
              if (!viewer.state.get().image) viewer.setImage({ width: currentTarget.naturalWidth, height: currentTarget.naturalHeight });
            }}
          />
        )}
        {here?.pixels && <PixelCanvas pixels={here.pixels} label={name} />}
        {here?.failure && <Unreadable failure={here.failure} />}
        <div className="viewer-caption">
          <span className="viewer-name" title={name}>
            {name}
          </span>
          {size && here?.pixels && (
            <span>
              {count(size.width)} × {count(size.height)}
              {here.pixels.samples instanceof Uint16Array ? ', 16 bit' : ''}
            </span>
          )}
        </div>
        <div className="viewer-figures" data-testid="viewer-figures">
          {state.window && (
            <span>
              C {Math.round(state.window.center)} W {Math.round(state.window.width)}
            </span>
          )}
          {size && <span>{Math.round(state.placement.scale * (globalThis.devicePixelRatio || 1) * 100)} %</span>}
          {state.inverted && <span>inverted</span>}
        </div>
      </div>
      <Tools />
    </section>
  );
}

function Unreadable({ failure }: { readonly failure: Failure }) {
  const { what, next } = explain(failure);
  return (
    <div className="viewer-failure" role="alert" data-testid="viewer-failure">
      <strong>{what}</strong>
      <span>{next}</span>
    </div>
  );
}

function Tools() {
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
      <hr />
      {button('Zoom in (+)', <ZoomIn size={16} aria-hidden />, () => viewer.zoom(1.25))}
      {button('Zoom out (-)', <ZoomOut size={16} aria-hidden />, () => viewer.zoom(0.8))}
      {button('Fit to window (F)', <Maximize size={16} aria-hidden />, () => viewer.fit())}
      {button('1:1, one image pixel on one screen pixel', <span className="tool-text">1:1</span>, () => viewer.actualSize())}
      <hr />
      {button('Invert grey values (I)', <Contrast size={16} aria-hidden />, () => viewer.invert(), inverted)}
      {button('Reset the view (R)', <RotateCcw size={16} aria-hidden />, () => viewer.reset())}
    </div>
  );
}

/** A button pressed by mouse does not take the keyboard: the next Enter still means the image. */
const keepFocus = (event: { preventDefault: () => void }) => event.preventDefault();
