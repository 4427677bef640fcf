import { useEffect, useState } from 'react';
import { useServices } from '../app/environment';
import { Dialog } from '../controls/Dialog';

interface Info {
  readonly version: string;
  readonly electron: string;
  readonly platform: string;
  readonly standIn: boolean;
  readonly profile: string;
}

export function About({ onClose }: { readonly onClose: () => void }) {
  const { bridge, problems } = useServices();
  const [info, setInfo] = useState<Info | null>(null);
  useEffect(() => {
    void bridge.call('app.info', {}).then((result) => {
      if (result.ok) setInfo(result.value);
      else problems.failure(result.failure);
    });
  }, [bridge, problems]);
  return (
    <Dialog title="About Collimate" onClose={onClose} width="narrow" testId="about-dialog" reading>
      <div className="about">
        <p>
          <strong>For research use only.</strong> Collimate is not a medical device and must not be used for diagnosis or treatment.
        </p>
        {info && (
          <dl className="facts">
            <div>
              <dt>Version</dt>
              <dd>{info.version}</dd>
            </div>
            <div>
              <dt>Electron</dt>
              <dd>
                {info.electron}
                {info.standIn ? ' (stand-in for the pinned release)' : ''}
              </dd>
            </div>
            <div>
              <dt>System</dt>
              <dd>{info.platform}</dd>
            </div>
            <div>
              <dt>Projects and labels</dt>
              <dd className="path">{info.profile}</dd>
            </div>
          </dl>
        )}
        <p className="muted">
          Licence Apache-2.0. The weights of EVA-X are not part of Collimate: you bring them, under the terms of their authors. The notices
          of the software inside (Electron, ONNX Runtime, TensorFlow.js, React, Dexie and others) are in the file NOTICE beside the app.
        </p>
      </div>
    </Dialog>
  );
}
