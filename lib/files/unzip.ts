import { unzipSync } from "fflate";
import { DataError } from "./data-error.js";

/** How many times its size an entry may unpack to: text comes to twenty at most, bombs to a thousand. */
const MOST_TIMES = 100;

/**
 * Files of a zip archive. An entry that says it unpacks to more than a hundred times its size is refused before any is
 * unpacked, and none becomes longer than it says.
 *
 * @param wanted  names to unpack
 * @returns in the archive's order; names are those of the archive, which may lead out of a folder
 * @throws DataError naming the source
 */
export function unzip(
  bytes: Uint8Array,
  source: string,
  wanted: (name: string) => boolean = () => true,
): Map<string, Uint8Array> {
  let bomb: string | null = null;
  try {
    const entries = unzipSync(bytes, {
      filter: ({ name, size, originalSize }) => {
        if (!wanted(name)) return false;
        if (originalSize > 2 ** 20 && originalSize > MOST_TIMES * size) bomb ??= name;
        return bomb === null;
      },
    });
    if (bomb === null) return new Map(Object.entries(entries));
  } catch (error) {
    throw new DataError(`${source}: must be a readable zip archive, got: ${(error as Error).message}`);
  }
  throw new DataError(
    `${source}: entries must unpack to at most ${MOST_TIMES} times their size, got more for "${bomb}"`,
  );
}
