import { FileSpreadsheet } from 'lucide-react';
import { useEffect, useState } from 'react';
import type { MetadataPreview } from '../../contract/views';
import type { Id, MetadataColumns, MetadataRule } from '../../contract/model';
import type { Failure } from '../../contract/result';
import { useServices } from '../app/environment';
import { FailureNote } from '../controls/FailureNote';
import { count, counted } from '../controls/figures';
import './metadata.css';

/** What is chosen: a rule, none (the files' headers alone), or one that cannot be used (yet). */
export type MetadataChoice = { readonly ready: true; readonly rule: MetadataRule | null } | { readonly ready: false };

type Kind = 'none' | MetadataRule['kind'];
type Seen = { readonly rule: MetadataRule; readonly preview: MetadataPreview | null; readonly failure: Failure | null };

interface Props {
  /** Whose images are looked at: those of a project, or of a folder that is to become one. */
  readonly of: { readonly project: Id } | { readonly folder: string };
  readonly start?: MetadataRule | undefined;
  readonly onChange: (choice: MetadataChoice) => void;
}

const kinds: readonly { readonly kind: Kind; readonly title: string; readonly about: string }[] = [
  { kind: 'none', title: 'From the files alone', about: 'DICOM headers say it; other images stand each for itself.' },
  { kind: 'table', title: 'From a table', about: 'A CSV file with a column of file names or paths, and one of patients (view, study).' },
  { kind: 'pattern', title: 'From the file names', about: '{patient}, {view} and {study} are what is read; * is anything.' },
];

/** Milliseconds without a key before a pattern is tried. */
const PAUSE = 200;

/** Where patient and view come from, with what that yields on these images before it is accepted. */
export function MetadataEditor({ of, start, onChange }: Props) {
  const { bridge } = useServices();
  const [kind, setKind] = useState<Kind>(start?.kind ?? 'none');
  const [pattern, setPattern] = useState(start?.kind === 'pattern' ? start.pattern : '{patient}_{view}_*.png');
  const [table, setTable] = useState<Extract<MetadataRule, { kind: 'table' }> | null>(start?.kind === 'table' ? start : null);
  const [seen, setSeen] = useState<Seen | null>(null);
  const place = 'project' in of ? of.project : of.folder;

  // The effect below asks anew when one of these words changes.
  const wish = kind === 'pattern' ? JSON.stringify({ kind, pattern }) : kind === 'table' && table ? JSON.stringify(table) : '';
  useEffect(() => {
    let current = true;
    if (wish === '') {
      onChange(kind === 'none' ? { ready: true, rule: null } : { ready: false });
      return undefined;
    }
    onChange({ ready: false });
    const rule = JSON.parse(wish) as MetadataRule;
    const timer = setTimeout(
      () => {
        if (rule.kind === 'pattern' && rule.pattern.trim() === '') return;
        void bridge.call('metadata.preview', { of: 'project' in of ? { project: place } : { folder: place }, rule }).then((result) => {
          if (!current) return;
          setSeen(result.ok ? { rule, preview: result.value, failure: null } : { rule, preview: null, failure: result.failure });
          onChange(result.ok ? { ready: true, rule } : { ready: false });
        });
      },
      rule.kind === 'pattern' ? PAUSE : 0,
    );
    return () => {
      current = false;
      clearTimeout(timer);
    };
    // `of` and `onChange` are made anew with every rendering and mean the same.
    // oxlint-disable-next-line react/exhaustive-deps
  }, [bridge, wish, kind, place]);

  const choose = async () => {
    const chosen = await bridge.call('dialog.table', { of: 'metadata' });
    if (chosen.ok && chosen.value !== null) setTable({ kind: 'table', file: chosen.value });
  };
  const here = seen?.rule.kind === kind ? seen : null;
  return (
    <div className="metadata-editor">
      {kinds.map((each) => (
        <label key={each.kind} className="choice">
          <input
            type="radio"
            name="metadata-kind"
            checked={kind === each.kind}
            onChange={() => setKind(each.kind)}
            data-testid={`metadata-${each.kind}`}
          />
          <span>
            <strong>{each.title}</strong>
            <span className="muted">{each.about}</span>
          </span>
        </label>
      ))}
      {kind === 'table' && (
        <div className="row">
          <button type="button" className="button" onClick={() => void choose()} data-testid="metadata-choose">
            <FileSpreadsheet size={14} aria-hidden /> Choose a table…
          </button>
          {table && <span className="path">{table.file}</span>}
        </div>
      )}
      {kind === 'pattern' && (
        <input
          type="text"
          className="metadata-pattern"
          value={pattern}
          maxLength={200}
          spellCheck={false}
          aria-label="Pattern of the file names"
          onChange={(event) => setPattern(event.target.value)}
          data-testid="metadata-pattern-text"
        />
      )}
      {kind !== 'none' && here?.failure && <FailureNote failure={here.failure} />}
      {kind === 'table' && table && here?.preview?.chosen && (
        <Columns
          all={here.preview.columns}
          chosen={here.preview.chosen}
          onChange={(columns) => setTable({ kind: 'table', file: table.file, columns })}
        />
      )}
      {kind !== 'none' && here?.preview && <Preview preview={here.preview} />}
    </div>
  );
}

const columnTitles: Readonly<Record<keyof MetadataColumns, string>> = { path: 'File', patient: 'Patient', view: 'View', study: 'Study' };

function Columns(props: {
  readonly all: readonly string[];
  readonly chosen: MetadataColumns;
  readonly onChange: (columns: MetadataColumns) => void;
}) {
  const { all, chosen, onChange } = props;
  return (
    <div className="metadata-columns">
      {(['path', 'patient', 'view', 'study'] as const).map((field) => (
        <label key={field}>
          <span className="muted">{columnTitles[field]}</span>
          <select
            value={chosen[field] ?? ''}
            onChange={(event) => onChange({ ...chosen, [field]: event.target.value === '' ? null : event.target.value })}
            data-testid={`metadata-column-${field}`}
          >
            {field !== 'path' && <option value="">none</option>}
            {all.map((name) => (
              <option key={name} value={name}>
                {name}
              </option>
            ))}
          </select>
        </label>
      ))}
    </div>
  );
}

function Preview({ preview }: { readonly preview: MetadataPreview }) {
  const { images, matched, patients, rows, unused, examples } = preview;
  const withStudy = examples.some(({ stated }) => stated?.study);
  return (
    <div className="metadata-preview" data-testid="metadata-preview">
      <p role="status">
        <strong>
          {count(matched)} of {counted(images, 'image')}
        </strong>
        , {counted(patients, 'patient')}
        {rows !== null && unused > 0 && `; ${count(unused)} of ${counted(rows, 'row')} name no image, or several`}
      </p>
      <table>
        <thead>
          <tr>
            <th scope="col">File</th>
            <th scope="col">Patient</th>
            <th scope="col">View</th>
            {withStudy && <th scope="col">Study</th>}
          </tr>
        </thead>
        <tbody>
          {examples.map(({ path, stated }) => (
            <tr key={path} className={stated ? '' : 'unmatched'}>
              <td className="path" title={path}>
                {path}
              </td>
              <td>{stated ? (stated.patient ?? '') : 'nothing'}</td>
              <td>{stated?.view ?? ''}</td>
              {withStudy && <td>{stated?.study ?? ''}</td>}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
