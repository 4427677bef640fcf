// First of all, see there.
import '../../contract/no-eval';
import '@fontsource-variable/inter/wght.css';
import './tokens.css';
import './base.css';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './App';
import { EnvironmentContext, makeServices, type Pictures } from './environment';
import { ErrorBoundary } from './ErrorBoundary';
import type { Bridge } from './environment';

/** Puts the page up. The bridge and the addresses of pictures are handed in, so that a test can bring its own. */
export function start(given: { readonly bridge: Bridge } & Pictures): void {
  const root = document.getElementById('root');
  if (!root) throw new Error('the page has no #root');
  const services = makeServices(given.bridge, given);
  // A bug outside of React's rendering; those inside reach the error boundary.
  addEventListener('error', (event) => services.problems.bug(event.message, event.error instanceof Error ? (event.error.stack ?? '') : ''));
  addEventListener('unhandledrejection', (event) => {
    const reason: unknown = event.reason;
    services.problems.bug(reason instanceof Error ? reason.message : String(reason), reason instanceof Error ? (reason.stack ?? '') : '');
  });
  createRoot(root).render(
    <StrictMode>
      <ErrorBoundary>
        <EnvironmentContext value={services}>
          <App />
        </EnvironmentContext>
      </ErrorBoundary>
    </StrictMode>,
  );
}
