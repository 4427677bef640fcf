import { useVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'react';
import type { CommandId } from '../../contract/commands';
import type { Finding } from '../../contract/model';
import { useSession } from '../app/session-context';
import { useSignal } from '../app/signal';
import { count } from '../controls/figures';
import { useProject } from '../labels/use-labels';
import { openImage } from './actions';
import { shownImages, type Filter, type Sort } from './filter';
import { GridBar } from './GridBar';
import { GridCell } from './GridCell';
import { SelectionBar } from './SelectionBar';
import './grid.css';

const GAP = 8;

interface Props {
  readonly onAssign: (finding: Finding, unsure: boolean) => void;
  readonly onCommand: (id: CommandId) => void;
}

/** All images as thumbnails. Only the rows in sight exist; the list stays as it is until the person asks for another. */
export function GridView({ onAssign, onCommand }: Props) {
  const session = useSession();
  const { labels, proposals, selection, failures } = session;
  const { task, findings } = useProject();
  const [filter, setFilter] = useState<Filter>({ kind: 'all' });
  const [sort, setSort] = useState<Sort>('folder');
  const [size, setSize] = useState(168);
  const [asked, setAsked] = useState(0);
  const imagesVersion = useSignal(labels.imagesVersion);
  const { selected, active } = useSignal(selection.view);
  const totals = useSignal(labels.totals);
  const missing = useSignal(session.missing);

  const { list, at } = useMemo(() => {
    const facts = {
      task,
      findings,
      view: labels.of,
      probabilities: proposals.of,
      failed: new Set(failures.get().flatMap(({ image }) => image ?? [])),
      missing,
    };
    // `asked` and `imagesVersion` are why it is computed again, not what it is computed from.
    void asked;
    void imagesVersion;
    return { list: shownImages(labels.order(), filter, sort, facts), at: { labels: labels.version.get(), round: proposals.round.get() } };
  }, [filter, sort, asked, imagesVersion, task, findings, labels, proposals, failures, missing]);
  useLayoutEffect(() => selection.show(list), [selection, list]);

  const version = useSignal(labels.version);
  const round = useSignal(proposals.round);
  const stale =
    (filter.kind !== 'all' && filter.kind !== 'note' && version !== at.labels) ||
    ((sort !== 'folder' || filter.kind === 'proposed') && round !== at.round);

  const scroller = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(0);
  useEffect(() => {
    const element = scroller.current;
    if (!element) return undefined;
    const measure = () => setWidth(element.clientWidth);
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  const columns = Math.max(1, Math.floor((width - GAP) / (size + GAP)));
  const rows = Math.ceil(list.length / columns);
  const virtual = useVirtualizer({
    count: rows,
    getScrollElement: () => scroller.current,
    estimateSize: () => size + GAP,
    overscan: 3,
    initialRect: { width: 1200, height: 800 },
  });
  useEffect(() => virtual.measure(), [virtual, size, columns]);
  useEffect(() => {
    if (active >= 0) virtual.scrollToIndex(Math.floor(active / columns), { align: 'auto' });
    // Only when the active cell moves: a resize must not scroll.
    // oxlint-disable-next-line react/exhaustive-deps
  }, [active]);

  const onKeyDown = (event: React.KeyboardEvent) => {
    const steps: Record<string, number> = {
      ArrowRight: 1,
      ArrowLeft: -1,
      ArrowDown: columns,
      ArrowUp: -columns,
      Home: -list.length,
      End: list.length,
    };
    const by = steps[event.key];
    if (by === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    selection.move(by, event.shiftKey);
  };
  const cellWidth = (width - GAP) / columns - GAP;
  const activeImage = list[active];
  return (
    <div className="grid-view" data-testid="grid-view">
      <GridBar
        filter={filter}
        sort={sort}
        size={size}
        shown={list.length}
        total={totals.images}
        stale={stale}
        onFilter={setFilter}
        onSort={setSort}
        onSize={setSize}
        onRefresh={() => setAsked((n) => n + 1)}
      />
      <div
        ref={scroller}
        className="grid-scroller"
        role="listbox"
        aria-multiselectable
        aria-label={`${count(list.length)} images`}
        aria-activedescendant={activeImage === undefined ? undefined : `cell-${activeImage}`}
        tabIndex={0}
        onKeyDown={onKeyDown}
        data-testid="grid"
      >
        {list.length === 0 && <p className="grid-none">No image matches this filter.</p>}
        <div role="presentation" className="grid-canvas" style={{ height: virtual.getTotalSize() + GAP }}>
          {virtual.getVirtualItems().map((row) => (
            <div
              key={row.key}
              role="presentation"
              className="grid-row"
              style={{ transform: `translateY(${String(row.start + GAP)}px)`, height: size }}
            >
              {list.slice(row.index * columns, (row.index + 1) * columns).map((image, i) => {
                const place = row.index * columns + i;
                return (
                  <GridCell
                    key={image}
                    image={image}
                    place={place}
                    total={list.length}
                    width={cellWidth}
                    selected={selected.has(image)}
                    active={place === active}
                    onOpen={(which) => openImage(session, which)}
                  />
                );
              })}
            </div>
          ))}
        </div>
      </div>
      {selected.size > 0 && <SelectionBar onAssign={onAssign} onCommand={onCommand} />}
    </div>
  );
}
