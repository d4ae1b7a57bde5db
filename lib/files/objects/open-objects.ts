import { UserError } from "../user-error.js";
import { FolderObjects } from "./folder-objects.js";
import { gcsObjects } from "./gcs-objects.js";
import type { Objects } from "./objects.js";
import { s3Objects } from "./s3-objects.js";

/**
 * The store at an address: `s3://bucket/prefix`, `gs://bucket/prefix`, else a folder.
 *
 * @throws UserError for another scheme, or if the package that a bucket needs is not installed
 */
export async function openObjects(address: string): Promise<Objects> {
  const scheme = /^([a-z0-9+.-]+):\/\//i.exec(address)?.[1];
  if (scheme === "s3") return s3Objects(address);
  if (scheme === "gs") return gcsObjects(address);
  if (scheme !== undefined || address === "")
    throw new UserError(`store: must be a folder, s3://… or gs://…, got "${address}"`);
  return new FolderObjects(address);
}

/** Whether an address is of a bucket. */
export function isBucket(address: string): boolean {
  return /^(s3|gs):\/\//.test(address);
}
