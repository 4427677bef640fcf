import { useEffect, type RefObject } from 'react';
import type { Tool, ViewerControls } from './controls';

/** Wheel zooms at the pointer; dragging does what the tool says, with the right button always the window. */
export function usePointer(box: RefObject<HTMLElement | null>, viewer: ViewerControls): void {
  useEffect(() => {
    const element = box.current;
    if (!element) return undefined;
    let drag: { kind: Tool; x: number; y: number; id: number } | null = null;
    const down = (event: PointerEvent) => {
      if (event.button > 2) return;
      const kind = event.button === 2 ? 'window' : event.button === 1 ? 'pan' : viewer.state.get().tool;
      drag = { kind, x: event.clientX, y: event.clientY, id: event.pointerId };
      element.setPointerCapture(event.pointerId);
      if (kind === 'magnify') viewer.magnify(fromMiddle(element, event));
    };
    const move = (event: PointerEvent) => {
      if (!drag || event.pointerId !== drag.id) return;
      const [dx, dy] = [event.clientX - drag.x, event.clientY - drag.y];
      drag = { ...drag, x: event.clientX, y: event.clientY };
      if (drag.kind === 'magnify') viewer.magnify(fromMiddle(element, event));
      else if (drag.kind === 'window') viewer.dragWindow(dx, dy);
      else viewer.pan(dx, dy);
    };
    const up = () => {
      drag = null;
      viewer.endDrag();
    };
    const wheel = (event: WheelEvent) => {
      event.preventDefault();
      viewer.zoom(Math.exp(-event.deltaY * (event.deltaMode === 0 ? 0.0015 : 0.05)), fromMiddle(element, event));
    };
    const menu = (event: Event) => event.preventDefault();
    element.addEventListener('pointerdown', down);
    element.addEventListener('pointermove', move);
    element.addEventListener('pointerup', up);
    element.addEventListener('pointercancel', up);
    // A React handler would be passive and could not keep the page from scrolling.
    element.addEventListener('wheel', wheel, { passive: false });
    element.addEventListener('contextmenu', menu);
    return () => {
      element.removeEventListener('pointerdown', down);
      element.removeEventListener('pointermove', move);
      element.removeEventListener('pointerup', up);
      element.removeEventListener('pointercancel', up);
      element.removeEventListener('wheel', wheel);
      element.removeEventListener('contextmenu', menu);
    };
  }, [box, viewer]);
}

function fromMiddle(element: HTMLElement, { clientX, clientY }: MouseEvent): { x: number; y: number } {
  const { left, top, width, height } = element.getBoundingClientRect();
  return { x: clientX - left - width / 2, y: clientY - top - height / 2 };
}
