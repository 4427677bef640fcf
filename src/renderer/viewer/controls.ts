import type { WindowKind } from '../../contract/jobs/imaging';
import { Signal } from '../app/signal';
import { actualSize, fit, mirrored, panned, rotated, turnedSize, UPRIGHT, zoomAt, type Placement, type Size, type Turn } from './geometry';
import { brighter, contrast, dragged, type GreyWindow, type NamedWindow, type Rescale } from './window';

export type Tool = 'pan' | 'window' | 'magnify';

export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface ViewerState {
  /** Size of the image in pixels; null until something is known of it. */
  readonly image: Size | null;
  readonly box: Size;
  readonly placement: Placement;
  readonly turn: Turn;
  /** Follows the size of the box until the person zooms or pans. */
  readonly fitted: boolean;
  /** Null until the pixels are there. One of the presets, until it is changed by hand. */
  readonly window: GreyWindow | null;
  /** The first is shown at the start. */
  readonly presets: readonly NamedWindow[];
  /** From samples to the file's own values. */
  readonly rescale: Rescale;
  readonly inverted: boolean;
  readonly tool: Tool;
  /** The window is being dragged: its figures are shown large. */
  readonly dragging: boolean;
  /** Middle of the magnifier, in CSS pixels from the middle of the box. */
  readonly lens: Point | null;
}

/** How an image is looked at, whatever its size and that of its box. */
export interface RelativeView {
  readonly fitted: boolean;
  /** 1: fitted into the box. */
  readonly zoom: number;
  /** Where its middle lies, in shares of its size as shown. */
  readonly x: number;
  readonly y: number;
  readonly inverted: boolean;
  /** Of the preset that is shown; null for a window set by hand. */
  readonly kind: WindowKind | null;
}

const START: ViewerState = {
  image: null,
  box: { width: 1, height: 1 },
  placement: { scale: 1, x: 0, y: 0 },
  turn: UPRIGHT,
  fitted: true,
  window: null,
  presets: [],
  rescale: { slope: 1, intercept: 0 },
  inverted: false,
  tool: 'pan',
  dragging: false,
  lens: null,
};

/** Zoom, pan, turn, window and inversion of the large view; the same for keys, mouse and buttons. */
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

  setPresets(presets: readonly NamedWindow[], rescale: Rescale): void {
    this.state.update((state) => ({ ...state, presets, rescale, window: presets[0] ?? null }));
  }

  choosePreset(place: number): void {
    this.state.update((state) => ({ ...state, window: state.presets[place] ?? state.window }));
  }

  /** After the last comes the first; after a window set by hand, too. */
  nextPreset(): void {
    const { presets, window } = this.state.get();
    this.choosePreset((presets.findIndex((preset) => preset === window) + 1) % Math.max(1, presets.length));
  }

  /** The next preset of this kind after the one that is shown. False: there is none. */
  chooseKind(kind: WindowKind): boolean {
    const { presets, window } = this.state.get();
    const from = presets.findIndex((preset) => preset === window) + 1;
    const order = [...presets.slice(from), ...presets.slice(0, from)];
    const found = order.find((preset) => preset.kind === kind);
    if (found) this.state.update((state) => ({ ...state, window: found }));
    return found !== undefined;
  }

  toggleMagnifier(): void {
    this.setTool(this.state.get().tool === 'magnify' ? 'pan' : 'magnify');
  }

  /** Null until an image is known. */
  view(): RelativeView | null {
    const { image, box, placement, turn, fitted, inverted, window, presets } = this.state.get();
    if (!image) return null;
    const lying = turnedSize(image, turn);
    const { scale, x, y } = placement;
    const kind = presets.find((preset) => preset === window)?.kind ?? null;
    return { fitted, zoom: scale / fit(lying, box).scale, x: x / (lying.width * scale), y: y / (lying.height * scale), inverted, kind };
  }

  /** Looks at this image as another is looked at. A kind of window that this one has not stays aside. */
  follow({ fitted, zoom, x, y, inverted, kind }: RelativeView): void {
    this.state.update((state) => {
      const { image, box, turn, presets } = state;
      if (!image) return state;
      const lying = turnedSize(image, turn);
      const scale = fit(lying, box).scale * zoom;
      const isOfKind = presets.some((preset) => preset === state.window && preset.kind === kind);
      const window = isOfKind ? state.window : (presets.find((preset) => preset.kind === kind) ?? state.window);
      return settled({ ...state, fitted, inverted, window, placement: { scale, x: x * lying.width * scale, y: y * lying.height * scale } });
    });
  }

  setTool(tool: Tool): void {
    this.state.update((state) => ({ ...state, tool }));
  }

  /** `at`: from the middle of the box, in CSS pixels. */
  zoom(factor: number, at: Point = { x: 0, y: 0 }): void {
    this.#place(({ placement, box }, image) => zoomAt(placement, factor, at.x, at.y, image, box));
  }

  pan(dx: number, dy: number): void {
    this.#place(({ placement }, image) => panned(placement, dx, dy, image));
  }

  fit(): void {
    this.state.update((state) => settled({ ...state, fitted: true }));
  }

  actualSize(): void {
    this.#place(() => actualSize(globalThis.devicePixelRatio || 1));
  }

  /** What is in the middle of the box stays there. */
  rotate(): void {
    this.state.update((state) => {
      const { scale, x, y } = state.placement;
      return settled({ ...state, turn: rotated(state.turn), placement: { scale, x: 0 - y, y: x } });
    });
  }

  mirror(): void {
    this.state.update((state) => ({ ...state, turn: mirrored(state.turn), placement: { ...state.placement, x: 0 - state.placement.x } }));
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
    this.state.update((state) => ({ ...state, dragging: true }));
  }

  magnify(lens: Point): void {
    this.state.update((state) => ({ ...state, lens }));
  }

  endDrag(): void {
    this.state.update((state) => (state.dragging || state.lens ? { ...state, dragging: false, lens: null } : state));
  }

  reset(): void {
    this.state.update((state) =>
      settled({ ...state, fitted: true, inverted: false, turn: UPRIGHT, window: state.presets[0] ?? state.window }),
    );
  }

  #place(change: (state: ViewerState, lying: Size) => Placement): void {
    this.state.update((state) =>
      state.image ? { ...state, placement: change(state, turnedSize(state.image, state.turn)), fitted: false } : state,
    );
  }

  #window(change: (window: GreyWindow) => GreyWindow): void {
    this.state.update((state) => (state.window ? { ...state, window: change(state.window) } : state));
  }
}

const settled = (state: ViewerState): ViewerState =>
  state.fitted && state.image ? { ...state, placement: fit(turnedSize(state.image, state.turn), state.box) } : state;
