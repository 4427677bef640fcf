import type { Point } from './controls';
import type { Placement, Turn } from './geometry';
import type { DecodedImage } from './pixels';
import { brightness, type GreyWindow } from './window';

export interface Picture {
  readonly placement: Placement;
  readonly turn: Turn;
  readonly window: GreyWindow;
  /** Show high values dark. */
  readonly inverted: boolean;
  readonly pixelRatio: number;
  /** Middle of the magnifier, in CSS pixels from the middle of the canvas. */
  readonly lens: Point | null;
}

/** Radius in CSS pixels. */
export const LENS_RADIUS = 110;
export const LENS_FACTOR = 2.5;

/** Draws one image onto one canvas. */
export interface Painter {
  /** Width and height that it can draw, in pixels. */
  readonly largest: number;
  setImage(image: DecodedImage): void;
  paint(picture: Picture): void;
  dispose(): void;
}

/** Where there is no WebGL2: the window is applied to the whole image, and the browser scales it. */
export function canvasPainter(canvas: HTMLCanvasElement): Painter | null {
  const context = canvas.getContext('2d');
  if (!context) return null;
  let image: DecodedImage | null = null;
  let drawn: { window: GreyWindow; inverted: boolean; surface: HTMLCanvasElement } | null = null;
  return {
    largest: Infinity,
    setImage(next) {
      image = next;
      drawn = null;
    },
    paint({ placement, turn, window, inverted, pixelRatio, lens }) {
      context.setTransform(1, 0, 0, 1, 0, 0);
      context.clearRect(0, 0, canvas.width, canvas.height);
      if (!image) return;
      if (drawn?.window !== window || drawn.inverted !== inverted) drawn = { window, inverted, surface: windowed(image, window, inverted) };
      const { surface } = drawn;
      const [a, b, c, d] = turn;
      const draw = ({ scale, x, y }: Placement, { width, height }: DecodedImage) => {
        const s = scale * pixelRatio;
        context.imageSmoothingEnabled = s < 4;
        context.imageSmoothingQuality = 'high';
        context.setTransform(s * a, s * c, s * b, s * d, canvas.width / 2 + x * pixelRatio, canvas.height / 2 + y * pixelRatio);
        context.drawImage(surface, -width / 2, -height / 2);
      };
      draw(placement, image);
      if (!lens) return;
      context.save();
      context.setTransform(pixelRatio, 0, 0, pixelRatio, canvas.width / 2, canvas.height / 2);
      context.beginPath();
      context.arc(lens.x, lens.y, LENS_RADIUS, 0, 2 * Math.PI);
      context.clip();
      context.clearRect(lens.x - LENS_RADIUS, lens.y - LENS_RADIUS, 2 * LENS_RADIUS, 2 * LENS_RADIUS);
      const away = (at: number, from: number) => at + (from - at) * LENS_FACTOR;
      draw({ scale: placement.scale * LENS_FACTOR, x: away(lens.x, placement.x), y: away(lens.y, placement.y) }, image);
      context.restore();
    },
    dispose: () => undefined,
  };
}

function windowed(image: DecodedImage, window: GreyWindow, inverted: boolean): HTMLCanvasElement {
  const surface = document.createElement('canvas');
  surface.width = image.width;
  surface.height = image.height;
  const context = surface.getContext('2d');
  if (!context) return surface;
  const table = lookup(image.samples instanceof Uint8Array ? 256 : 65536, window, inverted);
  const out = context.createImageData(image.width, image.height);
  const { samples, channels } = image;
  const at = (index: number) => table[samples[index] ?? 0] ?? 0;
  for (let pixel = 0; pixel < image.width * image.height; pixel += 1) {
    const from = pixel * channels;
    out.data[pixel * 4] = at(from);
    out.data[pixel * 4 + 1] = at(channels === 3 ? from + 1 : from);
    out.data[pixel * 4 + 2] = at(channels === 3 ? from + 2 : from);
    out.data[pixel * 4 + 3] = 255;
  }
  context.putImageData(out, 0, 0);
  return surface;
}

function lookup(size: number, window: GreyWindow, inverted: boolean): Uint8Array {
  return Uint8Array.from({ length: size }, (_, value) => {
    const y = brightness(value, window);
    return Math.round((inverted ? 1 - y : y) * 255);
  });
}
