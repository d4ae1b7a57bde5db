import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { atomicWriteFile } from "../files/atomic-write.js";
import { DataError, describeFileError } from "../files/data-error.js";
import { hashFile } from "../files/hash-file.js";
import { gunzip } from "../files/inflate.js";

const CACHE = ".cache/downloads";

/** A published file, pinned to its bytes. */
export interface PinnedFile {
  /** Path below the folder of a local copy. */
  name: string;
  url: string;
  /** Of the bytes at the URL. */
  sha256: string;
  /** Whether the local copy is that file packed with gzip. Default false. */
  gzipCopy?: boolean;
}

export interface SourceOptions {
  /** Folder with a local copy; null = fetch from the URLs. */
  from: string | null;
  /** Where fetched files are kept, by their hash. Default .cache/downloads. */
  cacheDir?: string;
  /** Per file. Default 60,000. */
  timeoutMs?: number;
  onProgress?: (done: number, total: number, step: string) => void;
}

/**
 * Reads all pinned files, from a local copy or from their URLs, and checks their hashes.
 *
 * @returns bytes by name, as they are at the URL
 * @throws DataError naming the file or URL if one is missing, cannot be fetched in time, or has other bytes
 */
export async function readJudgingSources(
  files: readonly PinnedFile[],
  options: SourceOptions,
): Promise<Map<string, Buffer>> {
  const sources = new Map<string, Buffer>();
  for (const [index, file] of files.entries()) {
    sources.set(
      file.name,
      options.from === null ? await fetchFile(file, options) : readCopy(file, options.from),
    );
    options.onProgress?.(index + 1, files.length, file.name);
  }
  return sources;
}

/**
 * Paths of all pinned files whose hashes are right, for those too large to hold: the local copy's, or of downloads as they are
 * kept.
 *
 * @throws DataError as {@link readJudgingSources}
 */
export async function sourcePaths(
  files: readonly PinnedFile[],
  options: SourceOptions,
): Promise<Map<string, string>> {
  const { from, cacheDir = CACHE } = options;
  const paths = new Map<string, string>();
  for (const [index, file] of files.entries()) {
    const kept = from === null ? path.join(cacheDir, file.sha256) : path.join(from, file.name);
    if (from === null && !existsSync(kept)) await fetchFile(file, options);
    const got = hashFile(kept).sha256;
    if (got !== file.sha256) throw wrongHash(kept, file.sha256, got);
    paths.set(file.name, kept);
    options.onProgress?.(index + 1, files.length, file.name);
  }
  return paths;
}

function readCopy(file: PinnedFile, folder: string): Buffer {
  const local = path.join(folder, file.name);
  let bytes: Buffer;
  try {
    bytes = readFileSync(local);
  } catch (error) {
    throw describeFileError(local, error);
  }
  try {
    if (file.gzipCopy) bytes = gunzip(bytes, local);
  } catch (error) {
    throw new DataError(`${local}: must be a whole gzip file, got: ${(error as Error).message}`);
  }
  checkHash(local, bytes, file.sha256);
  return bytes;
}

async function fetchFile(file: PinnedFile, options: SourceOptions): Promise<Buffer> {
  const cached = path.join(options.cacheDir ?? CACHE, file.sha256);
  if (existsSync(cached)) {
    const bytes = readFileSync(cached);
    if (sha256(bytes) === file.sha256) return bytes;
  }
  const timeoutMs = options.timeoutMs ?? 60_000;
  let bytes: Buffer;
  try {
    const response = await fetch(file.url, { signal: AbortSignal.timeout(timeoutMs) });
    if (!response.ok) throw new Error(`the server answers ${response.status} ${response.statusText}`);
    bytes = Buffer.from(await response.arrayBuffer());
  } catch (error) {
    throw new DataError(
      `${file.url}: could not be fetched (${fetchProblem(error, timeoutMs)}); give a local copy with --from DIR`,
    );
  }
  checkHash(file.url, bytes, file.sha256);
  atomicWriteFile(cached, bytes);
  return bytes;
}

function fetchProblem(error: unknown, timeoutMs: number): string {
  if ((error as Error).name === "TimeoutError") return `no answer within ${timeoutMs / 1000} s`;
  const cause = (error as { cause?: { code?: string; message?: string } }).cause;
  return cause?.code ?? cause?.message ?? (error as Error).message;
}

function checkHash(where: string, bytes: Buffer, wanted: string): void {
  const got = sha256(bytes);
  if (got !== wanted) throw wrongHash(where, wanted, got);
}

function wrongHash(where: string, wanted: string, got: string): DataError {
  return new DataError(`${where}: SHA-256 must be ${wanted} (the pinned version), got ${got}`);
}

function sha256(bytes: Buffer): string {
  return createHash("sha256").update(bytes).digest("hex");
}
