import fs from "node:fs";
import http from "node:http";
import type { AddressInfo } from "node:net";
import os from "node:os";
import path from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { bucketAddress } from "../../../lib/files/objects/bucket-address.js";
import { objectText } from "../../../lib/files/objects/objects.js";
import { openObjects } from "../../../lib/files/objects/open-objects.js";

describe("objects in a folder", () => {
  it("are created once however many try, replaced, listed by prefix with a tag that changes, and removed", async () => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), "qdrl-objects-"));
    const objects = await openObjects(folder);
    const won = await Promise.all(Array.from({ length: 16 }, (_, i) => objects.create("a/one", `by ${i}`)));
    expect(won.filter((created) => created)).toHaveLength(1);
    expect(await objectText(objects, "a/one")).toBe(`by ${won.indexOf(true)}`);
    await objects.put("a/b/two", new Uint8Array([1, 2]));
    await objects.put("ab", "");
    const keys = async (prefix: string) => (await objects.list(prefix)).map(({ key }) => key);
    expect([await keys("a/"), await keys(""), await keys("none/")]).toEqual([
      ["a/b/two", "a/one"],
      ["a/b/two", "a/one", "ab"],
      [],
    ]);
    const before = (await objects.list("a/"))[1]!.tag;
    await objects.put("a/one", "by 99");
    expect((await objects.list("a/"))[1]!.tag).not.toBe(before);
    await objects.remove("a/one");
    await objects.remove("a/one");
    expect([await objects.get("a/one"), await objects.get("ab/below")]).toEqual([null, null]);
    const left = fs.readdirSync(folder, { recursive: true }) as string[];
    expect(left.filter((name) => name.endsWith(".tmp"))).toEqual([]);
  });

  it("are refused at addresses of no known kind", async () => {
    await expect(openObjects("ftp://x/y")).rejects.toThrow(
      'store: must be a folder, s3://… or gs://…, got "ftp://x/y"',
    );
    await expect(openObjects("gs://")).rejects.toThrow(/must be like s3:\/\/bucket\/prefix/);
    expect(bucketAddress("s3://my-bucket/a/b/")).toEqual({ bucket: "my-bucket", base: "a/b/" });
    expect(bucketAddress("gs://my-bucket")).toEqual({ bucket: "my-bucket", base: "" });
  });
});

describe("objects in Google Cloud Storage", () => {
  const servers: http.Server[] = [];
  afterEach(() => {
    delete process.env["STORAGE_EMULATOR_HOST"];
    for (const server of servers.splice(0)) server.close();
  });

  it("are sent as its interface describes: generation 0 for creation, pages followed, server faults tried again", async () => {
    const seen: string[] = [];
    const answers: [number, unknown][] = [
      [200, {}],
      [412, {}],
      [503, {}],
      [200, {}],
      [200, { items: [{ name: "p/q/a b", generation: "7" }], nextPageToken: "t=" }],
      [200, { items: [{ name: "p/q/c", generation: "8" }] }],
      [404, {}],
      [204, null],
    ];
    const server = http.createServer((request, response) => {
      const [status, body] = answers[seen.length]!;
      seen.push(`${request.method} ${request.url}`);
      request
        .resume()
        .on("end", () => response.writeHead(status).end(body === null ? "" : JSON.stringify(body)));
    });
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    process.env["STORAGE_EMULATOR_HOST"] = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    const objects = await openObjects("gs://bucket/p");
    expect(await objects.create("q/a b", "x")).toBe(true);
    expect(await objects.create("q/a b", "x")).toBe(false);
    await objects.put("q/c", "y");
    expect(await objects.list("q/")).toEqual([
      { key: "q/a b", tag: "7" },
      { key: "q/c", tag: "8" },
    ]);
    expect(await objects.get("q/d")).toBeNull();
    await objects.remove("q/c");
    const upload = "POST /upload/storage/v1/b/bucket/o?uploadType=media&name=p%2Fq%2F";
    const list = "GET /storage/v1/b/bucket/o?prefix=p%2Fq%2F&fields=items(name,generation),nextPageToken";
    expect(seen).toEqual([
      `${upload}a%20b&ifGenerationMatch=0`,
      `${upload}a%20b&ifGenerationMatch=0`,
      `${upload}c`,
      `${upload}c`,
      list,
      `${list}&pageToken=t%3D`,
      "GET /storage/v1/b/bucket/o/p%2Fq%2Fd?alt=media",
      "DELETE /storage/v1/b/bucket/o/p%2Fq%2Fc",
    ]);
  });
});
