import { createHash } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { atomicWriteFile } from "../files/atomic-write.js";
import { makeFolder } from "../files/make-folder.js";
import { ServiceError } from "./service-error.js";

/** What is known of a stored file. */
export interface StoredFile {
  name: string;
  bytes: number;
  sha256: string;
  /** whether it is handed out without the token */
  public: boolean;
  createdAt: string;
}

/** Files by name in one folder, each with its checksum beside it; written whole or not at all, in constant memory. */
export class FileStore {
  constructor(readonly folder: string) {}

  fileOf(name: string): string {
    return path.join(this.folder, name);
  }

  /**
   * Takes a file as a stream.
   *
   * @param wanted  its SHA-256 in hex, if the sender knows it
   * @throws ServiceError 422 for another checksum, 413 for one byte more than `limit`; nothing is left behind
   */
  async save(
    name: string,
    body: NodeJS.ReadableStream,
    options: { sha256?: string | undefined; public?: boolean | undefined; limit: number },
  ): Promise<StoredFile> {
    makeFolder(this.folder);
    const temporary = this.fileOf(`.${name}.${process.hrtime.bigint().toString(36)}.part`);
    const hash = createHash("sha256");
    let bytes = 0;
    const count = new Transform({
      transform(chunk: Buffer, _encoding, next) {
        bytes += chunk.length;
        hash.update(chunk);
        if (bytes > options.limit)
          next(new ServiceError(413, `upload: must be at most ${options.limit} bytes`));
        else next(null, chunk);
      },
    });
    // open before anything can fail: a stream that opens it itself may do so after it was removed
    const file = await fs.promises.open(temporary, "w");
    try {
      await pipeline(body, count, file.createWriteStream({ highWaterMark: 2 ** 20 }));
      const sha256 = hash.digest("hex");
      if (options.sha256 !== undefined && options.sha256.toLowerCase() !== sha256)
        throw new ServiceError(
          422,
          `sha256: must be that of the bytes sent, ${sha256}, got ${options.sha256}`,
        );
      fs.renameSync(temporary, this.fileOf(name));
      return this.describe({ name, bytes, sha256, public: options.public ?? false });
    } finally {
      fs.rmSync(temporary, { force: true });
    }
  }

  /** Writes down what is known of a file that is there. */
  describe(facts: Omit<StoredFile, "createdAt">): StoredFile {
    const stored = { ...facts, createdAt: new Date().toISOString() };
    atomicWriteFile(this.factsOf(facts.name), `${JSON.stringify(stored)}\n`);
    return stored;
  }

  /** null if there is no such file. */
  get(name: string): StoredFile | null {
    try {
      const stored = JSON.parse(fs.readFileSync(this.factsOf(name), "utf8")) as StoredFile;
      return fs.existsSync(this.fileOf(name)) ? stored : null;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
      throw error;
    }
  }

  list(): StoredFile[] {
    if (!fs.existsSync(this.folder)) return [];
    const facts = fs.readdirSync(this.folder).filter((name) => /^\..+\.facts\.json$/.test(name));
    return facts.sort().flatMap((file) => this.get(file.slice(1, -".facts.json".length)) ?? []);
  }

  remove(name: string): void {
    fs.rmSync(this.factsOf(name), { force: true });
    fs.rmSync(this.fileOf(name), { force: true });
  }

  private factsOf(name: string): string {
    return path.join(this.folder, `.${name}.facts.json`);
  }
}
