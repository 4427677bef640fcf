import type { Placement } from './geometry';
import type { DecodedImage } from './pixels';
import { brightness, type GreyWindow } from './window';

export interface Picture {
  readonly placement: Placement;
  readonly window: GreyWindow;
  /** Show high values dark. */
  readonly inverted: boolean;
  readonly pixelRatio: number;
}

/** Draws one image onto one canvas. */
export interface Painter {
  setImage(image: DecodedImage): void;
  paint(picture: Picture): void;
  dispose(): void;
}

/** Where there is no WebGL2: the window is applied to the whole image, and the browser scales it. */
export function canvasPainter(canvas: HTMLCanvasElement): Painter | null {
  const context = canvas.getContext('2d');
  if (!context) return null;
  let image: DecodedImage | null = null;
  let drawn: { key: string; surface: HTMLCanvasElement } | null = null;
  return {
    setImage(next) {
      image = next;
      drawn = null;
    },
    paint({ placement, window, inverted, pixelRatio }) {
      context.setTransform(1, 0, 0, 1, 0, 0);
      context.clearRect(0, 0, canvas.width, canvas.height);
      if (!image) return;
      const key = `${String(window.center)} ${String(window.width)} ${String(inverted)}`;
      if (drawn?.key !== key) drawn = { key, surface: windowed(image, window, inverted) };
      const scale = placement.scale * pixelRatio;
      context.imageSmoothingEnabled = scale < 4;
      context.imageSmoothingQuality = 'high';
      context.setTransform(scale, 0, 0, scale, canvas.width / 2 + placement.x * pixelRatio, canvas.height / 2 + placement.y * pixelRatio);
      context.drawImage(drawn.surface, -image.width / 2, -image.height / 2);
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
