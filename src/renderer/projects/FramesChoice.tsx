import type { FrameChoice } from '../../contract/model';

const choices: readonly { readonly choice: FrameChoice; readonly title: string; readonly about: string }[] = [
  {
    choice: 'all',
    title: 'Every frame is an image',
    about: 'Each has labels of its own. All frames of a file stay on one side of a split.',
  },
  { choice: 'first', title: 'The first frame only', about: 'The others are neither shown nor embedded.' },
];

interface Props {
  readonly chosen: FrameChoice;
  /** Some of the folder's files have several frames; else they only might. */
  readonly found: boolean;
  readonly onChoose: (choice: FrameChoice) => void;
}

/** What becomes of DICOM and TIFF files with several frames or pages. Folded away where none was met. */
export function FramesChoice({ chosen, found, onChoose }: Props) {
  return (
    // The key opens the fold when such files are found, and leaves it to the person from then on.
    <details key={String(found)} className="more" open={found} data-testid="more">
      <summary>{found ? 'Some files hold several frames' : 'More: files with several frames'}</summary>
      {choices.map(({ choice, title, about }) => (
        <label key={choice} className="choice">
          <input
            type="radio"
            name="frames"
            checked={chosen === choice}
            onChange={() => onChoose(choice)}
            data-testid={`frames-${choice}`}
          />
          <span>
            <strong>{title}</strong>
            <span className="muted">{about}</span>
          </span>
        </label>
      ))}
      <p className="muted">
        This is settled for good with the project, since labels belong to images; another project can choose otherwise.
      </p>
    </details>
  );
}
