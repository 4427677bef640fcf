import { app, protocol } from 'electron';
import { APP_ORIGIN } from '../../contract/bridge';
import { Priority } from '../../contract/jobs/imaging';
import type { ImageRecord } from '../../contract/model';
import type { Failure } from '../../contract/result';
import type { Processes } from '../processes';
import type { ProjectSession } from '../projects/session';
import { thumbnailFile } from '../projects/thumbnails';
import { developmentUrl } from '../security';

/**
 * image://thumbnail/<project>/<image> and image://pixels/<project>/<image>. Only ids of the open project lead to a file:
 * no path ever comes from the page.
 */
export function setupImageProtocol(session: () => ProjectSession | null, processes: Processes, profile: string): void {
  void app.whenReady().then(() => {
    protocol.handle('image', async (request) => {
      const url = new URL(request.url);
      const [, project, id] = url.pathname.split('/');
      const open = session();
      const image = id === undefined ? undefined : open?.image(id);
      if (!open || open.project.id !== project || !image) return answer(null, 404);
      if (url.host === 'thumbnail') return thumbnail(open, image, profile);
      if (url.host === 'pixels') return pixels(open, image, processes);
      return answer(null, 404);
    });
  });
}

async function thumbnail(session: ProjectSession, image: ImageRecord, profile: string): Promise<Response> {
  const found = await session.thumbnails.of(thumbnailFile(profile, session.project.id, image), session.sourceOf(image));
  return found.ok ? answer(found.value, 200, { 'content-type': 'image/webp', 'cache-control': 'no-store' }) : refusal(found.failure);
}

async function pixels(session: ProjectSession, image: ImageRecord, processes: Processes): Promise<Response> {
  const decoded = await processes.imaging.call('pixels', {
    source: session.sourceOf(image),
    priority: Priority.viewer,
  });
  session.imageGiven();
  if (!decoded.ok) return refusal(decoded.failure);
  const { data, windows, ...rest } = decoded.value;
  const described = windows.map(({ table, ...window }) => (table ? { ...window, table: table.length } : window));
  const description = JSON.stringify({ ...rest, windows: described, bits: data.BYTES_PER_ELEMENT * 8 });
  // A header holds ASCII; names of windows may be anything.
  const header = description.replaceAll(/[^\x20-\x7e]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
  const samples = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  const tables = windows.flatMap(({ table }) => table ?? []);
  const body = tables.length === 0 ? samples : new Uint8Array(Buffer.concat([samples, ...tables]));
  return answer(body, 200, { 'content-type': 'application/octet-stream', 'x-collimate-pixels': header });
}

/** The page makes the sentence. */
const refusal = (failure: Failure) => answer(JSON.stringify(failure), 422, { 'content-type': 'application/json' });

function answer(body: Uint8Array<ArrayBuffer> | string | null, status: number, headers: Record<string, string> = {}): Response {
  const origin = developmentUrl() ?? APP_ORIGIN;
  return new Response(body, {
    status,
    headers: { ...headers, 'access-control-allow-origin': origin, 'access-control-expose-headers': 'x-collimate-pixels' },
  });
}
