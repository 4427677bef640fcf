import { useEffect, useRef, useState } from 'react';
import { explain, imageNotes } from '../../contract/catalogue';
import { imageName } from '../../contract/frames';
import type { Id } from '../../contract/model';
import type { Failure } from '../../contract/result';
import { factsOf, notesOf } from '../../contract/facts';
import { useServices } from '../app/environment';
import { useSession } from '../app/session-context';
import { useSignal } from '../app/signal';
import { count } from '../controls/figures';
import { useImage, useProject } from '../labels/use-labels';
import type { PixelCache } from './pixel-cache';
import type { DecodedImage } from './pixels';
import { PixelCanvas } from './PixelCanvas';
import type { ViewerControls } from './controls';
import { turnWords } from './geometry';
import { usePointer } from './use-pointer';
import { windowFigures } from './window';

type Loaded = { readonly image: Id; readonly pixels: DecodedImage | null; readonly failure: Failure | null };

interface Props {
  readonly image: Id;
  readonly cache: PixelCache;
  readonly controls: ViewerControls;
  readonly testId: string;
  /** Its picture is on the screen, small or large. */
  readonly onShown?: (image: Id) => void;
}

/** One image large: the thumbnail at once, the full-depth pixels as soon as they are there. */
export function ImagePane({ image, cache, controls: viewer, testId, onShown }: Props) {
  const { pictures } = useServices();
  const { id: project } = useSession();
  const { record } = useImage(image);
  const box = useRef<HTMLDivElement>(null);
  const [loaded, setLoaded] = useState<Loaded | null>(null);
  const state = useSignal(viewer.state);
  usePointer(box, viewer);

  useEffect(() => {
    let current = true;
    viewer.clear();
    if (record?.width && record.height) viewer.setImage({ width: record.width, height: record.height });
    void cache.get(image).then((result) => {
      if (!current || !result) return;
      setLoaded({ image, pixels: result.ok ? result.value : null, failure: result.ok ? null : result.failure });
      if (!result.ok) return;
      viewer.setImage(result.value);
      viewer.setPresets(result.value.windows, result.value.rescale);
    });
    return () => {
      current = false;
    };
    // The record may be renewed while the image is shown; that is no reason to begin again.
    // oxlint-disable-next-line react/exhaustive-deps
  }, [image, cache, viewer]);

  useEffect(() => {
    const element = box.current;
    if (!element) return undefined;
    const observer = new ResizeObserver(() => viewer.setBox({ width: element.clientWidth, height: element.clientHeight }));
    observer.observe(element);
    viewer.setBox({ width: element.clientWidth, height: element.clientHeight });
    return () => observer.disconnect();
  }, [viewer]);

  const here = loaded?.image === image ? loaded : null;
  const drawn = Boolean(here?.pixels);
  useEffect(() => {
    if (drawn) onShown?.(image);
  }, [drawn, image, onShown]);
  const size = state.image;
  const name = record ? imageName(record) : image;
  const turned = turnWords(state.turn);
  const notes = record ? notesOf(record) : [];
  return (
    <div
      ref={box}
      className={`viewer-box tool-${state.tool}`}
      data-testid={testId}
      data-image={image}
      data-path={record?.path}
      data-ready={here?.pixels ? 'full' : 'thumbnail'}
    >
      {!here?.pixels && (
        <img
          key={image}
          className="viewer-thumbnail"
          src={pictures.thumbnail(project, image)}
          alt=""
          draggable={false}
          style={size ? { width: size.width * state.placement.scale, height: size.height * state.placement.scale } : undefined}
          onLoad={({ currentTarget }) => {
            onShown?.(image);
            if (!viewer.state.get().image) viewer.setImage({ width: currentTarget.naturalWidth, height: currentTarget.naturalHeight });
          }}
        />
      )}
      <PixelCanvas controls={viewer} pixels={here?.pixels ?? null} label={name} />
      {here?.failure && <Unreadable failure={here.failure} />}
      <div className="viewer-caption">
        <span className="viewer-name" title={name}>
          {name}
        </span>
        {size && here?.pixels && (
          <span>
            {count(size.width)} × {count(size.height)}
            {here.pixels.stored === 8 ? '' : `, ${String(here.pixels.stored)} bit`}
          </span>
        )}
        {record && factsOf(record).view !== null && <span>{factsOf(record).view}</span>}
        <Patient image={image} />
        {notes.map((note) => (
          <span key={note} className="viewer-note" title={imageNotes[note].sentence} data-testid="viewer-note" data-note={note}>
            {imageNotes[note].short}
          </span>
        ))}
      </div>
      <div className={state.dragging ? 'viewer-figures dragging' : 'viewer-figures'} data-testid="viewer-figures">
        {state.window && (
          <span title="Window: center (C) and width (W) of the values that are shown">{windowFigures(state.window, state.rescale)}</span>
        )}
        {state.window && !state.dragging && <span>{state.presets.find((preset) => preset === state.window)?.name ?? 'by hand'}</span>}
        {size && <span>{Math.round(state.placement.scale * (globalThis.devicePixelRatio || 1) * 100)} %</span>}
        {state.inverted && <span>inverted</span>}
        {turned !== '' && <span className="viewer-turned">{turned}</span>}
      </div>
    </div>
  );
}

function Unreadable({ failure }: { readonly failure: Failure }) {
  const { what, next } = explain(failure);
  return (
    <div className="viewer-failure" role="alert" data-testid="viewer-failure">
      <strong>{what}</strong>
      <span>{next}</span>
    </div>
  );
}

/** Whose image it is, where the person wants to see it: the id from its source, else the beginning of its hash. */
function Patient({ image }: { readonly image: Id }) {
  const { bridge, settings } = useServices();
  const { id: project } = useSession();
  const { showPatients } = useSignal(settings.current);
  const { record } = useImage(image);
  const { metadata } = useProject();
  const [found, setFound] = useState<{ readonly hash: string; readonly patient: string | null } | null>(null);
  const hash = record && factsOf(record).patient;
  useEffect(() => {
    let current = true;
    if (!showPatients || hash === null) return undefined;
    void bridge.call('images.patient', { project, image }).then((result) => {
      if (current) setFound({ hash, patient: result.ok ? result.value : null });
    });
    return () => {
      current = false;
    };
    // Another rule says it elsewhere; the image's hash comes a moment before the rule.
    // oxlint-disable-next-line react/exhaustive-effect-dependencies
  }, [bridge, project, image, hash, metadata, showPatients]);
  if (!showPatients || hash === null || found?.hash !== hash) return null;
  return <span data-testid="viewer-patient">{found.patient === null ? `patient #${hash.slice(0, 6)}` : `patient ${found.patient}`}</span>;
}
