import { RefreshCw } from 'lucide-react';
import { imageNotes } from '../../contract/catalogue';
import { ImageNote } from '../../contract/model';
import { count } from '../controls/figures';
import { useProject } from '../labels/use-labels';
import type { Filter, Sort } from './filter';

interface Props {
  readonly filter: Filter;
  readonly sort: Sort;
  readonly size: number;
  readonly shown: number;
  readonly total: number;
  /** Labels or proposals changed since the list was made. */
  readonly stale: boolean;
  readonly onFilter: (filter: Filter) => void;
  readonly onSort: (sort: Sort) => void;
  readonly onSize: (size: number) => void;
  readonly onRefresh: () => void;
}

const plain = {
  all: 'All images',
  unlabelled: 'Unlabelled',
  labelled: 'Labelled',
  skipped: 'Skipped',
  failed: 'Could not be read',
  missing: 'File is missing',
} as const;
const states = ['present', 'absent', 'unsure'] as const;
const sorts: readonly { readonly sort: Sort; readonly title: string }[] = [
  { sort: 'folder', title: 'Folder order' },
  { sort: 'confidence', title: 'Most confident first' },
  { sort: 'uncertainty', title: 'Most uncertain first' },
];

export function GridBar({ filter, sort, size, shown, total, stale, onFilter, onSort, onSize, onRefresh }: Props) {
  const { findings, task } = useProject();
  return (
    <div className="grid-bar">
      <label>
        <span>Show</span>
        <select value={encode(filter)} onChange={(event) => onFilter(decode(event.target.value))} data-testid="grid-filter">
          {Object.entries(plain).map(([kind, title]) => (
            <option key={kind} value={kind}>
              {title}
            </option>
          ))}
          <optgroup label="Proposed as (unlabelled)">
            {findings.map(({ id, name }) => (
              <option key={id} value={encode({ kind: 'proposed', finding: id })}>
                {name} proposed
              </option>
            ))}
          </optgroup>
          <optgroup label="Labelled as">
            {findings.flatMap(({ id, name }) =>
              (task === 'multiclass' ? (['present'] as const) : states).map((state) => (
                <option key={`${id} ${state}`} value={encode({ kind: 'state', finding: id, state })}>
                  {name}
                  {task === 'multiclass' ? '' : `: ${state}`}
                </option>
              )),
            )}
          </optgroup>
          <optgroup label="Noted">
            {ImageNote.options.map((note) => (
              <option key={note} value={encode({ kind: 'note', note })}>
                {capital(imageNotes[note].short)}
              </option>
            ))}
          </optgroup>
        </select>
      </label>
      <label>
        <span>Order</span>
        <select
          value={sort}
          onChange={(event) => onSort(sorts.find((each) => each.sort === event.target.value)?.sort ?? 'folder')}
          data-testid="grid-sort"
        >
          {sorts.map((each) => (
            <option key={each.sort} value={each.sort}>
              {each.title}
            </option>
          ))}
        </select>
      </label>
      {stale && (
        <button className="button small" onClick={onRefresh} data-testid="grid-refresh">
          <RefreshCw size={14} aria-hidden /> Changed since, refresh
        </button>
      )}
      <span className="spacer" />
      <span className="muted" data-testid="grid-count">
        {shown === total ? count(total) : `${count(shown)} of ${count(total)}`} images
      </span>
      <label>
        <span>Size</span>
        <input type="range" min={88} max={360} step={8} value={size} onChange={(event) => onSize(event.target.valueAsNumber)} />
      </label>
    </div>
  );
}

const capital = (text: string) => `${text.charAt(0).toUpperCase()}${text.slice(1)}`;

function encode(filter: Filter): string {
  if (filter.kind === 'note') return `note ${filter.note}`;
  if (filter.kind === 'state') return `state ${filter.state} ${filter.finding}`;
  return filter.kind === 'proposed' ? `proposed ${filter.finding}` : filter.kind;
}

function decode(text: string): Filter {
  const [kind = '', second = '', third = ''] = text.split(' ');
  const state = states.find((each) => each === second);
  if (kind === 'state' && state) return { kind, state, finding: third };
  const note = ImageNote.options.find((each) => each === second);
  if (kind === 'note' && note) return { kind, note };
  if (kind === 'proposed') return { kind, finding: second };
  return { kind: kind in plain ? (kind as keyof typeof plain) : 'all' };
}
