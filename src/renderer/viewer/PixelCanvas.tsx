import { useEffect, useRef, useState } from 'react';
import { useSession } from '../app/session-context';
import { useSignal } from '../app/signal';
import { canvasPainter, type Painter } from './painter';
import type { DecodedImage } from './pixels';
import { fitsTexture, webglPainter } from './webgl';

/** Draws the pixels with the controls' window and placement. A lost graphics context goes on with the plain canvas. */
export function PixelCanvas({ pixels, label }: { readonly pixels: DecodedImage; readonly label: string }) {
  const { viewer } = useSession();
  const [plain, setPlain] = useState(false);
  const canvas = useRef<HTMLCanvasElement>(null);
  const [painter, setPainter] = useState<Painter | null>(null);
  const state = useSignal(viewer.state);

  useEffect(() => {
    const element = canvas.current;
    if (!element) return undefined;
    const made = plain ? canvasPainter(element) : webglPainter(element);
    if (!made && !plain) setPlain(true);
    const lost = () => setPlain(true);
    element.addEventListener('webglcontextlost', lost);
    setPainter(made);
    return () => {
      element.removeEventListener('webglcontextlost', lost);
      made?.dispose();
    };
  }, [plain]);

  useEffect(() => {
    const element = canvas.current;
    if (!element || !painter) return;
    if (!plain && !fitsTexture(element, pixels)) setPlain(true);
    else painter.setImage(pixels);
  }, [painter, pixels, plain]);

  useEffect(() => {
    const element = canvas.current;
    if (!element || !painter || !state.window) return undefined;
    const { window, placement, turn, inverted, box, lens } = state;
    // Several changes between two frames are drawn once.
    const frame = requestAnimationFrame(() => {
      const pixelRatio = devicePixelRatio || 1;
      const width = Math.max(1, Math.round(box.width * pixelRatio));
      const height = Math.max(1, Math.round(box.height * pixelRatio));
      if (element.width !== width) element.width = width;
      if (element.height !== height) element.height = height;
      painter.paint({ placement, turn, window, inverted: inverted !== pixels.inverted, pixelRatio, lens });
    });
    return () => cancelAnimationFrame(frame);
  }, [painter, pixels, state]);

  // A canvas keeps the kind of its first context: another kind needs another canvas.
  return <canvas key={plain ? 'plain' : 'webgl'} ref={canvas} className="viewer-canvas" role="img" aria-label={label} />;
}
