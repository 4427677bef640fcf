import { Signal } from '../app/signal';
import { actualSize, fit, panned, zoomAt, type Placement, type Size } from './geometry';
import { brighter, contrast, dragged, type GreyWindow } from './window';

export interface ViewerState {
  /** Size of the image in pixels; null until something is known of it. */
  readonly image: Size | null;
  readonly box: Size;
  readonly placement: Placement;
  /** Follows the size of the box until the person zooms or pans. */
  readonly fitted: boolean;
  /** Null until the pixels are there. */
  readonly window: GreyWindow | null;
  readonly defaultWindow: GreyWindow | null;
  readonly inverted: boolean;
  readonly tool: 'pan' | 'window';
}

const START: ViewerState = {
  image: null,
  box: { width: 1, height: 1 },
  placement: { scale: 1, x: 0, y: 0 },
  fitted: true,
  window: null,
  defaultWindow: null,
  inverted: false,
  tool: 'pan',
};

/** Zoom, pan, window and inversion of the large view; the same for keys, mouse and buttons. */
export class ViewerControls {
  readonly state = new Signal<ViewerState>(START);

  /** Another image: nothing of the view stays but the tool. */
  clear(): void {
    this.state.update(({ box, tool }) => ({ ...START, box, tool }));
  }

  setBox(box: Size): void {
    this.state.update((state) => settled({ ...state, box }));
  }

  /** From the record or the thumbnail at first, from the pixels afterwards. */
  setImage(image: Size): void {
    const known = this.state.get().image;
    if (known?.width === image.width && known.height === image.height) return;
    this.state.update((state) => settled({ ...state, image, fitted: true }));
  }

  setDefaultWindow(window: GreyWindow): void {
    this.state.update((state) => ({ ...state, window, defaultWindow: window }));
  }

  setTool(tool: ViewerState['tool']): void {
    this.state.update((state) => ({ ...state, tool }));
  }

  /** `at`: from the middle of the box, in CSS pixels. */
  zoom(factor: number, at: { readonly x: number; readonly y: number } = { x: 0, y: 0 }): void {
    this.#place(({ placement, image, box }) => (image ? zoomAt(placement, factor, at.x, at.y, image, box) : placement));
  }

  pan(dx: number, dy: number): void {
    this.#place(({ placement, image }) => (image ? panned(placement, dx, dy, image) : placement));
  }

  fit(): void {
    this.state.update((state) => settled({ ...state, fitted: true }));
  }

  actualSize(): void {
    this.#place(() => actualSize(globalThis.devicePixelRatio || 1));
  }

  invert(): void {
    this.state.update((state) => ({ ...state, inverted: !state.inverted }));
  }

  brighter(step: number): void {
    this.#window((window) => brighter(window, step));
  }

  contrast(factor: number): void {
    this.#window((window) => contrast(window, factor));
  }

  dragWindow(dx: number, dy: number): void {
    this.#window((window) => dragged(window, dx, dy));
  }

  reset(): void {
    this.state.update((state) => settled({ ...state, fitted: true, inverted: false, window: state.defaultWindow }));
  }

  #place(change: (state: ViewerState) => Placement): void {
    this.state.update((state) => (state.image ? { ...state, placement: change(state), fitted: false } : state));
  }

  #window(change: (window: GreyWindow) => GreyWindow): void {
    this.state.update((state) => (state.window ? { ...state, window: change(state.window) } : state));
  }
}

const settled = (state: ViewerState): ViewerState =>
  state.fitted && state.image ? { ...state, placement: fit(state.image, state.box) } : state;
