import { UserError } from "../user-error.js";
import { bucketAddress } from "./bucket-address.js";
import type { ListedObject, Objects } from "./objects.js";

/**
 * Objects of S3 and of servers that speak it, through the optional package @aws-sdk/client-s3; creation is conditional by
 * `If-None-Match: *`. Region, credentials and endpoint are the client's own business (AWS_REGION, AWS_ENDPOINT_URL_S3, a
 * profile, the machine's role); with an endpoint of one's own, buckets are addressed by path.
 *
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
 */
export async function s3Objects(address: string): Promise<Objects> {
  const { bucket, base } = bucketAddress(address);
  const s3 = await import("@aws-sdk/client-s3").catch(() => {
    throw new UserError(
      `${address}: needs the package @aws-sdk/client-s3; run: npm install @aws-sdk/client-s3`,
    );
  });
  const client = new s3.S3Client({
    forcePathStyle: Boolean(process.env["AWS_ENDPOINT_URL_S3"] ?? process.env["AWS_ENDPOINT_URL"]),
  });
  const at = (key: string) => ({ Bucket: bucket, Key: base + key });
  return {
    address,
    async create(key, body) {
      try {
        await client.send(new s3.PutObjectCommand({ ...at(key), Body: body, IfNoneMatch: "*" }));
        return true;
      } catch (error) {
        // 409: somebody else's creation is under way
        if ([409, 412].includes(statusOf(error))) return false;
        throw error;
      }
    },
    async put(key, body) {
      await client.send(new s3.PutObjectCommand({ ...at(key), Body: body }));
    },
    async get(key) {
      try {
        const { Body: body } = await client.send(new s3.GetObjectCommand(at(key)));
        return await body!.transformToByteArray();
      } catch (error) {
        if ((error as Error).name === "NoSuchKey") return null;
        throw error;
      }
    },
    async list(prefix) {
      const found: ListedObject[] = [];
      const pages = s3.paginateListObjectsV2({ client }, { Bucket: bucket, Prefix: base + prefix });
      for await (const { Contents: contents = [] } of pages)
        for (const { Key: key, ETag: tag, LastModified: at } of contents)
          found.push({ key: key!.slice(base.length), tag: `${tag} ${at?.getTime()}` });
      return found;
    },
    async remove(key) {
      await client.send(new s3.DeleteObjectCommand(at(key)));
    },
  };
}

function statusOf(error: unknown): number {
  return (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode ?? 0;
}
