import { Info, TriangleAlert, X } from 'lucide-react';
import { useLayoutEffect, useRef } from 'react';
import { createPortal } from 'react-dom';
import { CopyDetails } from '../controls/CopyDetails';
import { useServices } from './environment';
import { useSignal } from './signal';

/** What went wrong, in sentences, with what to do next. Stays until it is closed; notes go by themselves. */
export function ProblemList() {
  const { problems } = useServices();
  const shown = useSignal(problems.shown);
  const place = useSignal(problems.place);
  const list = (
    // A popover would be above modal dialogs; a plain layer with role=alert is read out wherever it is.
    <div className={place ? 'problems placed' : 'problems'} aria-live="polite" data-testid="problems">
      {shown.map(({ id, tone, what, next, details, actions, times, standing }) => (
        <div key={id} className={`problem ${tone}`} role={tone === 'error' ? 'alert' : 'status'} data-testid="problem">
          {tone === 'error' ? <TriangleAlert size={16} aria-hidden /> : <Info size={16} aria-hidden />}
          <div className="problem-text">
            <p>
              {what} {times > 1 && <span className="badge">{times} times</span>}
            </p>
            {next !== '' && <p className="problem-next">{next}</p>}
            {(actions.length > 0 || details !== '') && (
              <div className="row">
                {actions.map(({ title, run }) => (
                  <button
                    key={title}
                    className="button small"
                    onClick={() => {
                      if (!standing) problems.dismiss(id);
                      run();
                    }}
                  >
                    {title}
                  </button>
                ))}
                {details !== '' && <CopyDetails text={details} />}
              </div>
            )}
          </div>
          <button className="icon-button" aria-label="Dismiss" onClick={() => problems.dismiss(id)}>
            <X size={14} aria-hidden />
          </button>
        </div>
      ))}
    </div>
  );
  return place ? createPortal(list, place) : list;
}

/** Where a view has room for messages: while it is there, they are shown in it and float over nothing. */
export function MessagePlace() {
  const { problems } = useServices();
  const element = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    problems.place.set(element.current);
    return () => problems.place.set(null);
  }, [problems]);
  return <div className="message-place" ref={element} />;
}
