import type { TileRecipe } from '../contract/encoder-card';
import { Priority, type ImageSource, type ImagingService, type Tile } from '../contract/jobs/imaging';
import { fail, ok, type Failure, type Result } from '../contract/result';
import type { Handlers } from '../contract/wire';

/** Where tiles come from: the handlers of imaging themselves, or calls of them over a port. */
export type TileSource = Pick<Handlers<ImagingService>, 'read' | 'identify'>;

/** Reads under way at once. */
const AHEAD = 8;

/** Tiles of those of the images that can be read, in their order; a failure only where none can. */
export async function readTiles(
  imaging: TileSource,
  images: readonly ImageSource[],
  recipe: TileRecipe,
  signal: AbortSignal,
  onRead: (done: number, total: number) => void = () => undefined,
): Promise<Result<Tile[]>> {
  const tiles: (Tile | undefined)[] = images.map(() => undefined);
  let next = 0;
  let done = 0;
  let first: Failure | null = null;
  const work = async () => {
    for (let at = next++; at < images.length; at = next++) {
      const source = images[at];
      if (!source || signal.aborted) return;
      const read = await imaging.read({ source, priority: Priority.embedding, tile: recipe }, { signal });
      if (read.ok) tiles[at] = read.value.tile;
      else first ??= read.failure;
      onRead(++done, images.length);
    }
  };
  await Promise.all(Array.from({ length: Math.min(AHEAD, images.length) }, work));
  if (signal.aborted) return fail('stopped');
  const found = tiles.filter((tile) => tile !== undefined);
  return found.length === 0 && first ? { ok: false, failure: first } : ok(found);
}
