import { commands, type Command } from '../../../contract/commands';
import type { Project } from '../../../contract/model';
import { Dialog } from '../../controls/Dialog';
import { Key } from '../../controls/Key';
import { isMac, keyLabel } from './match';

const groups: readonly { readonly group: Command['group']; readonly title: string }[] = [
  { group: 'label', title: 'Label' },
  { group: 'navigate', title: 'Go' },
  { group: 'view', title: 'View' },
  { group: 'edit', title: 'Edit' },
  { group: 'project', title: 'Project' },
  { group: 'help', title: 'Help' },
];

/** Every key, with those of this project's findings. */
export function KeysOverlay({ project, onClose }: { readonly project: Project | null; readonly onClose: () => void }) {
  const mac = isMac();
  const multilabel = project?.task === 'multilabel';
  return (
    <Dialog title="Keys" onClose={onClose} width="widest" testId="keys-overlay" reading>
      <div className="keys-columns">
        {project && (
          <section>
            <h3>Findings</h3>
            <p className="muted">
              {multilabel
                ? 'A key goes from present to absent to not read. With Shift: unsure. In the grid: for all selected images, as one step.'
                : 'A key answers and goes on. In the grid: for all selected images, as one step.'}
            </p>
            <dl className="keys">
              {project.findings.map(({ id, name, hotkey }) => (
                <div key={id}>
                  <dt>{name}</dt>
                  <dd>
                    <Key label={hotkey.toUpperCase()} />
                  </dd>
                </div>
              ))}
            </dl>
          </section>
        )}
        {groups.map(({ group, title }) => (
          <section key={group}>
            <h3>{title}</h3>
            <dl className="keys">
              {(commands as readonly Command[])
                .filter((command) => command.group === group && command.keys.length > 0)
                .map(({ id, title: what, keys, where }) => (
                  <div key={id}>
                    <dt>
                      {what}
                      {where === 'grid' || where === 'queue' || where === 'review' ? <span className="muted"> · {where}</span> : null}
                    </dt>
                    <dd>
                      {keys.slice(0, 2).map((each) => (
                        <Key key={each} label={keyLabel(each, mac)} />
                      ))}
                    </dd>
                  </div>
                ))}
            </dl>
          </section>
        ))}
        <section>
          <h3>Mouse</h3>
          <dl className="keys">
            <div>
              <dt>Zoom at the pointer</dt>
              <dd>wheel</dd>
            </div>
            <div>
              <dt>Move the image</dt>
              <dd>drag</dd>
            </div>
            <div>
              <dt>Brightness and contrast</dt>
              <dd>right drag</dd>
            </div>
            <div>
              <dt>Grid: range, single images</dt>
              <dd>Shift, Ctrl + click</dd>
            </div>
            <div>
              <dt>Grid: open large</dt>
              <dd>double click, Enter</dd>
            </div>
          </dl>
        </section>
      </div>
    </Dialog>
  );
}
