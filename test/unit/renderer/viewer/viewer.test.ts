import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fit, imagePoint, mirrored, panned, rotated, turnWords, UPRIGHT, zoomAt } from '../../../../src/renderer/viewer/geometry';
import { ViewerControls } from '../../../../src/renderer/viewer/controls';
import { halved, decode } from '../../../../src/renderer/viewer/pixels';
import {
  type NamedWindow,
  brighter,
  brightness,
  contrast,
  defaultWindow,
  windowFigures,
  windowOf,
} from '../../../../src/renderer/viewer/window';

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

describe('turning', () => {
  const image = { width: 2000, height: 1000 };
  const box = { width: 800, height: 800 };
  it('keeps what is in the middle of the box, and four quarters are none', () => {
    const step = fc.constantFrom('rotate', 'mirror');
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 6 }),
        fc.integer({ min: -300, max: 300 }),
        fc.integer({ min: -150, max: 150 }),
        (steps, dx, dy) => {
          const controls = new ViewerControls();
          controls.setBox(box);
          controls.setImage(image);
          controls.pan(dx, dy);
          const middle = () => {
            const { placement, turn } = controls.state.get();
            return imagePoint(placement, turn, image, 0, 0);
          };
          const before = middle();
          for (const each of steps) controls[each]();
          expect(middle().x).toBeCloseTo(before.x, 6);
          expect(middle().y).toBeCloseTo(before.y, 6);
        },
      ),
    );
    expect(rotated(rotated(rotated(rotated(UPRIGHT))))).toEqual(UPRIGHT);
    expect(mirrored(mirrored(UPRIGHT))).toEqual(UPRIGHT);
  });
  it('goes clockwise: the left edge of the image comes to the top', () => {
    // A point at the top of the screen, straight above the middle.
    const { x, y } = imagePoint({ scale: 1, x: 0, y: 0 }, rotated(UPRIGHT), image, 0, -400);
    expect([x, y]).toEqual([600, 500]);
  });
  it('fits the turned image and says what was done', () => {
    const controls = new ViewerControls();
    controls.setBox({ width: 400, height: 800 });
    controls.setImage(image);
    expect(controls.state.get().placement.scale).toBe(0.2);
    controls.rotate();
    expect(controls.state.get().placement.scale).toBe(0.4);
    expect(turnWords(controls.state.get().turn)).toBe('turned 90°');
    expect(turnWords(mirrored(UPRIGHT))).toBe('mirrored');
    expect(turnWords(mirrored(rotated(rotated(UPRIGHT))))).toBe('mirrored, turned 180°');
    controls.reset();
    expect(turnWords(controls.state.get().turn)).toBe('');
    expect(controls.state.get().placement.scale).toBe(0.2);
  });
});

describe('window presets', () => {
  const presets: NamedWindow[] = [
    { kind: 'file', name: 'LUNG', center: 1500, width: 800 },
    { kind: 'file', name: 'SIGMOID', center: 128, width: 100, table: Uint8Array.from({ length: 256 }, (_, value) => 255 - value) },
  ];
  function shown() {
    const controls = new ViewerControls();
    controls.setImage({ width: 2, height: 2 });
    controls.setPresets(presets, { slope: 2, intercept: -1024 });
    return controls;
  }
  it('come by their kind: of several of the file the next one, of others the one there is', () => {
    const controls = shown();
    const auto: NamedWindow = { kind: 'auto', name: 'auto', center: 10, width: 5 };
    controls.setPresets([...presets, auto], { slope: 1, intercept: 0 });
    const window = () => controls.state.get().window;
    expect(controls.chooseKind('file')).toBe(true);
    expect(window()).toBe(presets[1]);
    controls.chooseKind('file');
    expect(window()).toBe(presets[0]);
    controls.chooseKind('auto');
    controls.chooseKind('auto');
    expect(window()).toBe(auto);
    expect(controls.chooseKind('bone')).toBe(false);
    expect(window()).toBe(auto);
  });
  it('come one after the other, the first again after the last and after one set by hand', () => {
    const controls = shown();
    const window = () => controls.state.get().window;
    expect(window()).toBe(presets[0]);
    controls.nextPreset();
    expect(window()).toBe(presets[1]);
    controls.nextPreset();
    expect(window()).toBe(presets[0]);
    controls.brighter(0.1);
    controls.nextPreset();
    expect(window()).toBe(presets[0]);
  });
  it('a table is looked up, and set aside when the window is changed by hand', () => {
    const [, table] = presets;
    if (!table) throw new Error('preset');
    expect([brightness(0, table), brightness(255, table)]).toEqual([1, 0]);
    for (const changed of [brighter(table, 0.1), contrast(table, 1.1)]) expect(changed.table).toBeUndefined();
  });
  it("are given in the file's own values", () => {
    expect(windowFigures({ center: 1500, width: 800 }, { slope: 2, intercept: -1024 })).toBe('C 1976 W 1600');
  });
});

describe('pixels from main', () => {
  const header = { width: 2, height: 2, channels: 1, bits: 16, windows: [], inverted: false };
  it('are read as little-endian samples', () => {
    const result = decode(JSON.stringify(header), Uint8Array.of(1, 0, 0, 1, 255, 255, 2, 0).buffer, 'a.png');
    expect(result.ok && [...result.value.samples]).toEqual([1, 256, 65535, 2]);
    expect(result.ok && result.value.windows[0]).toMatchObject(windowOf(1, 65535));
    const ten = decode(JSON.stringify({ ...header, stored: 10 }), new ArrayBuffer(8), 'a.dcm');
    expect([result, ten].map((each) => each.ok && each.value.stored)).toEqual([16, 10]);
  });
  it('have the tables of their windows behind them', () => {
    const windows = [
      { kind: 'file', name: 'a', center: 1, width: 2 },
      { kind: 'file', name: 'b', center: 1, width: 2, table: 256 },
    ];
    const body = Uint8Array.from({ length: 8 + 256 }, (_, i) => (i < 8 ? 0 : i - 8)).buffer;
    const result = decode(JSON.stringify({ ...header, windows, rescale: { slope: 2, intercept: 5 } }), body, 'a.dcm');
    expect(result.ok && result.value.samples).toHaveLength(4);
    expect(result.ok && result.value.windows.map(({ table }) => table?.[200])).toEqual([undefined, 200]);
    expect(result.ok && result.value.rescale).toEqual({ slope: 2, intercept: 5 });
    expect(decode(JSON.stringify({ ...header, windows }), body.slice(1), 'a.dcm').ok).toBe(false);
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

describe('the smaller copy of a large image', () => {
  it('holds the means of 2 x 2 samples, channel by channel', () => {
    expect(halved(Uint16Array.from([10, 20, 65535, 30, 41, 65535]), 3, 1)).toEqual(Uint16Array.from([25]));
    expect(halved(Uint8Array.from([0, 10, 20, 4, 20, 40, 8, 30, 60, 12, 40, 80]), 2, 3)).toEqual(Uint8Array.from([6, 25, 50]));
  });
  it('is made of images from 1.5 million pixels on', () => {
    const header = { width: 1500, height: 1000, channels: 1, bits: 16, windows: [], inverted: false };
    const result = decode(JSON.stringify(header), new ArrayBuffer(3_000_000), 'x');
    expect(result.ok && result.value.half?.length).toBe(375_000);
    const small = decode(JSON.stringify({ ...header, height: 999 }), new ArrayBuffer(2_997_000), 'x');
    expect(small.ok && small.value.half).toBeNull();
  });
});
