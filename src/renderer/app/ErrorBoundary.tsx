import { Component, type ErrorInfo, type ReactNode } from 'react';
import { CopyDetails } from '../controls/CopyDetails';

interface State {
  readonly error: Error | null;
  readonly where: string;
}

/** The last resort for a bug while rendering. Labels are not touched by it: they live in main's journal. */
export class ErrorBoundary extends Component<{ children: ReactNode }, State> {
  override state: State = { error: null, where: '' };

  static getDerivedStateFromError(error: unknown): Partial<State> {
    return { error: error instanceof Error ? error : new Error(String(error)) };
  }

  override componentDidCatch(_error: unknown, info: ErrorInfo): void {
    this.setState({ where: info.componentStack ?? '' });
  }

  override render(): ReactNode {
    const { error, where } = this.state;
    if (!error) return this.props.children;
    return (
      <main className="boundary" role="alert">
        <h1>This view broke off</h1>
        <p>Everything that was saved is safe in the project’s journal. Load the page again to go on.</p>
        <p className="boundary-message">{error.message}</p>
        <div className="row">
          <button className="button primary" onClick={() => location.reload()}>
            Load again
          </button>
          <CopyDetails text={`${error.stack ?? error.message}\n${where}`} />
        </div>
      </main>
    );
  }
}
