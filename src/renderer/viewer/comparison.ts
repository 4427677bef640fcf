import type { Id } from '../../contract/model';
import { Signal } from '../app/signal';
import { ViewerControls, type ViewerState } from './controls';

/** The second pane of the large view: a labelled image like the one that is read. */
export class Comparison {
  readonly open = new Signal(false);
  /** Zoom, place, inversion and kind of window go with each other. */
  readonly linked = new Signal(true);
  /** What there is to compare with, the nearest first. */
  readonly choice = new Signal<readonly Id[]>([]);
  readonly shown = new Signal<Id | null>(null);
  readonly viewer = new ViewerControls();

  constructor(main: ViewerControls) {
    link(main, this.viewer, this.linked);
    this.linked.subscribe(() => follow(main, this.viewer, this.linked));
  }

  /** Keeps what is shown while it is among the choice, else shows the nearest. */
  offer(images: readonly Id[]): void {
    this.choice.set(images);
    const shown = this.shown.get();
    if (shown === null || !images.includes(shown)) this.shown.set(images[0] ?? null);
  }

  show(image: Id): void {
    this.shown.set(image);
    this.open.set(true);
  }

  /** To the next nearer (-1) or further (1) one. False at the end. */
  step(by: -1 | 1): boolean {
    const choice = this.choice.get();
    const next = choice[choice.indexOf(this.shown.get() ?? '') + by];
    if (next !== undefined) this.shown.set(next);
    return next !== undefined;
  }
}

/** Another image, another box or other presets are no wish of the person: the pane they come to takes over the view of the main one. */
const content = ({ image, box, presets }: ViewerState) => [image, box, presets] as const;

function link(main: ViewerControls, second: ViewerControls, on: Signal<boolean>): void {
  const before = new Map([main, second].map((each) => [each, content(each.state.get())]));
  let following = false;
  for (const moved of [main, second]) {
    moved.state.subscribe(() => {
      const now = content(moved.state.get());
      const isNew = now.some((part, i) => part !== before.get(moved)?.[i]);
      before.set(moved, now);
      if (following) return;
      following = true;
      const [from, to] = isNew || moved === main ? [main, second] : [second, main];
      follow(from, to, on);
      before.set(to, content(to.state.get()));
      following = false;
    });
  }
}

function follow(from: ViewerControls, to: ViewerControls, on: Signal<boolean>): void {
  const view = from.view();
  if (on.get() && view) to.follow(view);
}
