import { UserError } from "../user-error.js";

/** A place in a bucket. */
export interface BucketAddress {
  bucket: string;
  /** "" or a prefix of keys that ends in a slash */
  base: string;
}

/**
 * Reads `s3://bucket/prefix` or `gs://bucket/prefix`.
 *
 * @throws UserError for anything else
 */
export function bucketAddress(address: string): BucketAddress {
  const [, bucket, prefix = ""] = /^(?:s3|gs):\/\/([a-z0-9][a-z0-9._-]+)(?:\/(.*))?$/.exec(address) ?? [];
  if (bucket === undefined)
    throw new UserError(`store: must be like s3://bucket/prefix or gs://bucket/prefix, got "${address}"`);
  const plain = prefix.replace(/\/+$/, "");
  return { bucket, base: plain === "" ? "" : `${plain}/` };
}
