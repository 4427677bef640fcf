import { memo } from 'react';
import { imageNotes } from '../../contract/catalogue';
import { imageName } from '../../contract/frames';
import type { Id } from '../../contract/model';
import { notesOf } from '../../contract/facts';
import { useServices } from '../app/environment';
import { useSession } from '../app/session-context';
import { useSignal } from '../app/signal';
import { percent } from '../controls/figures';
import { Chips } from '../labels/Chips';
import { Thumbnail } from '../labels/Thumbnail';
import { fromFileTitle } from '../labels/said';
import { useImage, useProbabilities, useProject } from '../labels/use-labels';
import { proposed } from '../labels/answers';
import { headline } from './filter';

interface Props {
  readonly image: Id;
  readonly place: number;
  readonly total: number;
  readonly width: number;
  readonly selected: boolean;
  readonly active: boolean;
  readonly onOpen: (image: Id) => void;
}

export const GridCell = memo(
  function GridCell({ image, place, total, width, selected, active, onOpen }: Props) {
    const { selection } = useSession();
    const view = useImage(image);
    return (
      // The list has the keyboard; cells are reached with its arrow keys.
      <div
        id={`cell-${image}`}
        role="option"
        aria-selected={selected}
        aria-setsize={total}
        aria-posinset={place + 1}
        className={`grid-cell${selected ? ' selected' : ''}${active ? ' active' : ''}`}
        style={{ width }}
        data-testid="grid-cell"
        data-image={image}
        data-path={view.record?.path}
        title={view.record && view.record.frame !== null ? imageName(view.record) : undefined}
        onClick={(event) => selection.click(place, { toggle: event.ctrlKey || event.metaKey, range: event.shiftKey })}
        onDoubleClick={() => onOpen(image)}
      >
        <Thumbnail image={image} lazy />
        {view.record && notesOf(view.record).includes('view-lateral') && (
          <span className="grid-note" title={imageNotes['view-lateral'].sentence} data-testid="grid-note">
            {imageNotes['view-lateral'].short}
          </span>
        )}
        {view.use === 'audit' && (
          <span
            className="grid-note audit"
            title="Audit image: kept out of training, and shown without the model’s opinion"
            data-testid="grid-audit"
          >
            audit
          </span>
        )}
        <span className="grid-caption">{view.answered || view.skipped ? <Chips image={image} /> : <Proposal image={image} />}</span>
      </div>
    );
  },
  // `onOpen` is made anew with every rendering of the grid and does the same thing.
  (a, b) =>
    a.image === b.image &&
    a.place === b.place &&
    a.total === b.total &&
    a.width === b.width &&
    a.selected === b.selected &&
    a.active === b.active,
);

function Proposal({ image }: { readonly image: Id }) {
  const { settings } = useServices();
  const { hideProposals } = useSignal(settings.current);
  const { task, findings } = useProject();
  const { proposals } = useSession();
  const view = useImage(image);
  const probabilities = useProbabilities(image);
  const shown = headline(task, findings, probabilities);
  const accepted = proposed(task, findings, view, probabilities, proposals.ruleOf);
  const isAccepted = (id: Id) => accepted.some(({ finding, state }) => finding === id && state === 'present');
  const isEarly = (id: Id) => proposals.ruleOf(id)?.skill !== true;
  if (hideProposals || shown.length === 0) return null;
  return (
    <span className="chips">
      {shown.map(({ finding, probability }) => (
        <span
          key={finding.id}
          className={`chip proposal${isAccepted(finding.id) ? ' confident' : isEarly(finding.id) ? ' early' : ''}${proposals.fromFile(finding.id) ? ' from-file' : ''}`}
          title={fromFileTitle[proposals.fromFile(finding.id) ?? 'fitted'] ?? (isEarly(finding.id) ? 'Too few labels yet' : undefined)}
          data-testid="proposal"
        >
          <span className="swatch hollow" style={{ borderColor: finding.colour }} aria-hidden />
          <span className="chip-name">{finding.name}</span>
          <span className="chip-figure">{percent(probability)}</span>
        </span>
      ))}
    </span>
  );
}
