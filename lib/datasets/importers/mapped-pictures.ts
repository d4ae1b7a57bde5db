import { createHash } from "node:crypto";
import { copyFileSync, mkdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { DataError, describeFileError } from "../../files/data-error.js";

/** Folder of a data set with the pictures that a mapping copied in. */
const PICTURES = "pictures";

/**
 * Pictures that the cells of a mapping's tables name, to be copied into the data set under the hash of their bytes: equal
 * pictures are kept once, and no name of the source can lead out of the folder.
 */
export class MappedPictures {
  private readonly byFile = new Map<string, string>();
  /** Different files named that are not there. */
  readonly missing = new Set<string>();

  /** Different pictures found. */
  get count(): number {
    return new Set(this.byFile.values()).size;
  }

  /**
   * The path that a cell gets in the data set: `pictures/<hash>.<ending>`, "" for an empty cell and for a file that is not there.
   *
   * @param folder that the cell's path starts from
   * @throws DataError for a path that leads out of the folder, and a file that cannot be read
   */
  nameOf(cell: string, folder: string): string {
    if (cell === "") return "";
    const file = path.resolve(folder, cell);
    const known = this.byFile.get(file);
    if (known !== undefined) return known;
    if (path.relative(folder, file).split(path.sep)[0] === "..")
      throw new DataError(`${folder}: pictures must be inside this folder, got "${cell}"`);
    let bytes: Buffer;
    try {
      bytes = readFileSync(file);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw describeFileError(file, error);
      this.missing.add(file);
      return "";
    }
    const hash = createHash("sha256").update(bytes).digest("hex").slice(0, 24);
    const name = path.posix.join(PICTURES, `${hash}${path.extname(file).toLowerCase()}`);
    this.byFile.set(file, name);
    return name;
  }

  /** Copies the pictures into a data set's folder. */
  copyInto(folder: string): void {
    if (this.byFile.size > 0) mkdirSync(path.join(folder, PICTURES), { recursive: true });
    for (const [file, name] of this.byFile) copyFileSync(file, path.join(folder, name));
  }
}
