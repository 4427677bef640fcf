import { Key } from './Key';

interface Props {
  readonly title: string;
  /** The key that does the same. */
  readonly hint: string;
  readonly run: () => void;
  readonly testId: string;
  readonly primary?: boolean;
  readonly disabled?: boolean;
  /** What it does, where the title alone does not say it. */
  readonly about?: string | undefined;
}

/** A button beside the image that has a key: pressing it takes the keyboard's focus from nothing. */
export function KeyedButton({ title, hint, run, testId, primary = false, disabled = false, about = title }: Props) {
  return (
    <button
      className={primary ? 'button primary' : 'button'}
      onMouseDown={(event) => event.preventDefault()}
      onClick={run}
      data-testid={testId}
      title={about}
      disabled={disabled}
    >
      <span className="action-title">{title}</span>
      <Key label={hint} />
    </button>
  );
}
