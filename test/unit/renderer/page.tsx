import { fireEvent, render, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import axe from 'axe-core';
import { App } from '../../../src/renderer/app/App';
import { EnvironmentContext, makeServices } from '../../../src/renderer/app/environment';
import { FakeBridge } from './fake-bridge';

/** The page with a project open in the queue. */
export async function openPage(options: ConstructorParameters<typeof FakeBridge>[0] = {}) {
  const bridge = new FakeBridge(options);
  const clock = { now: 0 };
  const user = userEvent.setup();
  const services = makeServices(bridge, { thumbnail: () => 'about:blank', pixels: () => 'about:blank' }, () => clock.now);
  render(
    <EnvironmentContext value={services}>
      <App />
    </EnvironmentContext>,
  );
  await user.click(await screen.findByTestId('recent-project'));
  await screen.findByTestId('queue-view');
  return { bridge, user, clock };
}

/** The picture of the image that is asked is there. */
export function appear(): void {
  const picture = screen.getByTestId('queue-image').querySelector('img');
  if (!picture) throw new Error('no thumbnail');
  fireEvent.load(picture);
}

/** Accessibility, a line for each violation. Contrast needs real rendering: it is checked in Chromium. */
export async function violations(): Promise<string[]> {
  const result = await axe.run(document.body, { rules: { 'color-contrast': { enabled: false } } });
  return result.violations.map(({ id: rule, nodes }) => `${rule}: ${nodes[0]?.html ?? ''}`);
}
