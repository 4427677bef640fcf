import '../../contract/no-eval';
import { fromDomPort } from '../../contract/ports';
import { startBackend } from '../tensors/backend';
import { webGpuCandidate } from '../tensors/webgpu';
import { serveTrainer } from './serve';

/** The entry of the hidden page: the trainer on Chromium's own WebGPU. The preload script passes on the ports that main sends. */
function webGpu(): GPU {
  const { gpu } = navigator as { gpu?: GPU };
  if (!gpu) throw new Error('this Chromium has none');
  return gpu;
}

const here = globalThis as typeof globalThis & { close(): void };

addEventListener('message', (event: MessageEvent<unknown>) => {
  const [port] = event.ports;
  if (event.origin !== location.origin || !port || (event.data as { connect?: unknown } | null)?.connect !== 'main') return;
  serveTrainer(
    fromDomPort(port),
    (wanted, _wasmFolder, _nodeBackend, onFallback) =>
      startBackend(wanted, [webGpuCandidate(webGpu, { software: wanted === 'webgpu' })], onFallback),
    (error) => {
      // Main writes it to the log, and starts the page again.
      // oxlint-disable-next-line no-console -- the page has no other voice
      console.error(error instanceof Error ? error.stack : error);
      here.close();
    },
  );
});
