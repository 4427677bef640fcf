import { useEffect, type RefObject } from 'react';
import type { ViewerControls } from './controls';

/** Wheel zooms at the pointer; dragging moves the image, or with the right button (or the tool) the window. */
export function usePointer(box: RefObject<HTMLElement | null>, viewer: ViewerControls): void {
  useEffect(() => {
    const element = box.current;
    if (!element) return undefined;
    let drag: { kind: 'pan' | 'window'; x: number; y: number; id: number } | null = null;
    const down = (event: PointerEvent) => {
      if (event.button > 2) return;
      const kind = event.button === 2 || (event.button === 0 && viewer.state.get().tool === 'window') ? 'window' : 'pan';
      drag = { kind, x: event.clientX, y: event.clientY, id: event.pointerId };
      element.setPointerCapture(event.pointerId);
    };
    const move = (event: PointerEvent) => {
      if (!drag || event.pointerId !== drag.id) return;
      const [dx, dy] = [event.clientX - drag.x, event.clientY - drag.y];
      drag = { ...drag, x: event.clientX, y: event.clientY };
      if (drag.kind === 'window') viewer.dragWindow(dx, dy);
      else viewer.pan(dx, dy);
    };
    const up = () => {
      drag = null;
    };
    const wheel = (event: WheelEvent) => {
      event.preventDefault();
      const bounds = element.getBoundingClientRect();
      viewer.zoom(Math.exp(-event.deltaY * (event.deltaMode === 0 ? 0.0015 : 0.05)), {
        x: event.clientX - bounds.left - bounds.width / 2,
        y: event.clientY - bounds.top - bounds.height / 2,
      });
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
