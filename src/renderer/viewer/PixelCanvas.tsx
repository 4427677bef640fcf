import { useEffect, useRef, useState } from 'react';
import { useSignal } from '../app/signal';
import type { ViewerControls } from './controls';
import { canvasPainter, type Painter } from './painter';
import type { DecodedImage } from './pixels';
import { webglPainter } from './webgl';

interface Props {
  readonly controls: ViewerControls;
  readonly pixels: DecodedImage | null;
  readonly label: string;
}

/**
 * Draws the pixels with the controls' window and placement. A lost graphics context goes on with the plain canvas. One canvas
 * for all images, hidden while there are no pixels: a browser keeps few graphics contexts and takes the oldest away.
 */
export function PixelCanvas({ controls, pixels, label }: Props) {
  // WebGL is missing here, or its context was lost.
  const [broken, setBroken] = useState(false);
  const [largest, setLargest] = useState(Infinity);
  const plain = broken || (pixels !== null && Math.max(pixels.width, pixels.height) > largest);
  const canvas = useRef<HTMLCanvasElement>(null);
  const [painter, setPainter] = useState<Painter | null>(null);
  // What is on the canvas: until it is these pixels, nothing is shown, never the image before.
  const [painted, setPainted] = useState<DecodedImage | null>(null);
  const state = useSignal(controls.state);

  useEffect(() => {
    const element = canvas.current;
    if (!element) return undefined;
    const made = plain ? canvasPainter(element) : webglPainter(element);
    if (!plain && made) setLargest(made.largest);
    if (!plain && !made) setBroken(true);
    const lost = () => setBroken(true);
    element.addEventListener('webglcontextlost', lost);
    setPainter(made);
    setPainted(null);
    return () => {
      element.removeEventListener('webglcontextlost', lost);
      made?.dispose();
    };
  }, [plain]);

  useEffect(() => {
    if (painter && pixels && Math.max(pixels.width, pixels.height) <= painter.largest) painter.setImage(pixels);
  }, [painter, pixels]);

  useEffect(() => {
    const element = canvas.current;
    if (!element || !painter || !pixels || !state.window) return undefined;
    const { window, placement, turn, inverted, box, lens } = state;
    // Several changes between two frames are drawn once.
    const frame = requestAnimationFrame(() => {
      const pixelRatio = devicePixelRatio || 1;
      const width = Math.max(1, Math.round(box.width * pixelRatio));
      const height = Math.max(1, Math.round(box.height * pixelRatio));
      if (element.width !== width) element.width = width;
      if (element.height !== height) element.height = height;
      painter.paint({ placement, turn, window, inverted: inverted !== pixels.inverted, pixelRatio, lens });
      setPainted(pixels);
    });
    return () => cancelAnimationFrame(frame);
  }, [painter, pixels, state]);

  // A canvas keeps the kind of its first context: another kind needs another canvas.
  return (
    <canvas
      key={plain ? 'plain' : 'webgl'}
      ref={canvas}
      className="viewer-canvas"
      role="img"
      aria-label={label}
      hidden={!pixels || painted !== pixels}
    />
  );
}
