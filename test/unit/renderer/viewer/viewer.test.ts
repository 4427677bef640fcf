import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fit, panned, zoomAt } from '../../../../src/renderer/viewer/geometry';
import { ViewerControls } from '../../../../src/renderer/viewer/controls';
import { decode } from '../../../../src/renderer/viewer/pixels';
import { brighter, brightness, contrast, defaultWindow, windowOf } from '../../../../src/renderer/viewer/window';

describe('the window', () => {
  it('follows the example of DICOM PS3.3 C.11.2.1.2', () => {
    // c = 2048, w = 4096: y = (x - 2047.5) / 4095 + 0.5
    const window = { center: 2048, width: 4096 };
    expect(brightness(0, window)).toBe(0);
    expect(brightness(4095, window)).toBe(1);
    expect(brightness(2048, window)).toBeCloseTo(0.5 / 4095 + 0.5, 12);
    // c = 2048, w = 1: a threshold.
    expect(brightness(2047, { center: 2048, width: 1 })).toBe(0);
    expect(brightness(2048, { center: 2048, width: 1 })).toBe(1);
  });
  it('shows 8 bits as they are and maps the extremes of more bits to black and white', () => {
    const eight = defaultWindow(Uint8Array.of(3, 200));
    for (const value of [0, 1, 127, 254, 255]) expect(brightness(value, eight)).toBeCloseTo(value / 255, 12);
    const sixteen = defaultWindow(Uint16Array.of(900, 30_000, 1200));
    expect([brightness(900, sixteen), brightness(30_000, sixteen)]).toEqual([0, 1]);
  });
  it('never darkens by "brighter" and never flattens by "more contrast"', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 65535 }),
        fc.integer({ min: 0, max: 60000 }),
        fc.integer({ min: 2, max: 5000 }),
        (value, low, width) => {
          const window = windowOf(low, low + width);
          expect(brightness(value, brighter(window, 0.05))).toBeGreaterThanOrEqual(brightness(value, window));
          const steeper = contrast(window, 1.1);
          const distance = (w: typeof window) => Math.abs(brightness(value, w) - 0.5);
          expect(distance(steeper)).toBeGreaterThanOrEqual(distance(window) - 1e-9);
        },
      ),
    );
  });
});

describe('zoom and pan', () => {
  const image = { width: 2000, height: 1000 };
  const box = { width: 800, height: 800 };
  it('fit the longer side', () => expect(fit(image, box)).toEqual({ scale: 0.4, x: 0, y: 0 }));
  it('keep the point under the pointer while the middle stays on the image', () => {
    const before = fit(image, box);
    const after = zoomAt(before, 2, 100, 50, image, box);
    const pointOf = (placement: typeof before) => [(100 - placement.x) / placement.scale, (50 - placement.y) / placement.scale];
    expect(pointOf(after)[0]).toBeCloseTo(pointOf(before)[0] ?? 0, 9);
    expect(pointOf(after)[1]).toBeCloseTo(pointOf(before)[1] ?? 0, 9);
  });
  it('cannot lose the image', () => {
    const { x, y } = panned(fit(image, box), 1e6, -1e6, image);
    expect([x, y]).toEqual([400, -200]);
  });
  it('follow the box until the person zooms', () => {
    const controls = new ViewerControls();
    controls.setBox(box);
    controls.setImage(image);
    expect(controls.state.get().placement.scale).toBe(0.4);
    controls.setBox({ width: 400, height: 400 });
    expect(controls.state.get().placement.scale).toBe(0.2);
    controls.zoom(2);
    controls.setBox(box);
    expect(controls.state.get().placement.scale).toBe(0.4);
    controls.reset();
    expect(controls.state.get().placement).toEqual({ scale: 0.4, x: 0, y: 0 });
  });
});

describe('pixels from main', () => {
  const header = { width: 2, height: 2, channels: 1, bits: 16, windows: [], inverted: false };
  it('are read as little-endian samples', () => {
    const result = decode(JSON.stringify(header), Uint8Array.of(1, 0, 0, 1, 255, 255, 2, 0).buffer, 'a.png');
    expect(result.ok && [...result.value.samples]).toEqual([1, 256, 65535, 2]);
    expect(result.ok && result.value.windows[0]).toMatchObject(windowOf(1, 65535));
  });
  it.each([
    ['no description', '', 8],
    ['too few bytes', JSON.stringify(header), 7],
    ['a size that is none', JSON.stringify({ ...header, width: -2 }), 8],
    ['too many channels', JSON.stringify({ ...header, channels: 4 }), 32],
  ])('are refused with a sentence: %s', (_name, text, size) => {
    const result = decode(text, new ArrayBuffer(size), 'a.png');
    expect(result.ok ? null : result.failure.code).toBe('image-corrupt');
  });
});
