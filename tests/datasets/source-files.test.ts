import { createHash } from "node:crypto";
import { readdirSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readJudgingSources } from "../../lib/datasets/source-files.js";
import { put, testFolder } from "./test-folder.js";

const folder = testFolder();
const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");
let server: Server;
let base: string;
let requests = 0;

beforeAll(async () => {
  server = createServer((request, response) => {
    requests++;
    if (request.url === "/hang") return;
    response.statusCode = request.url === "/missing" ? 404 : 200;
    response.end(request.url === "/words" ? "words" : "something else");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

const words = () => ({ name: "words.txt", url: `${base}/words`, sha256: sha256("words") });

describe("readJudgingSources", () => {
  it("reads a local copy, packed or not, and checks what is inside", async () => {
    put(folder, "copy/words.txt", "words");
    put(folder, "copy/packed.gz", gzipSync("words"));
    const packed = { ...words(), name: "packed.gz", gzipCopy: true };
    const sources = await readJudgingSources([words(), packed], { from: `${folder}/copy` });
    expect([...sources].map(([name, bytes]) => [name, bytes.toString()])).toEqual([
      ["words.txt", "words"],
      ["packed.gz", "words"],
    ]);
  });

  it("fetches once and keeps what it fetched", async () => {
    const cacheDir = `${folder}/cache`;
    requests = 0;
    const steps: string[] = [];
    const onProgress = (done: number, total: number, step: string) => steps.push(`${done}/${total} ${step}`);
    for (let i = 0; i < 2; i++)
      expect(
        (await readJudgingSources([words()], { from: null, cacheDir, onProgress }))
          .get("words.txt")!
          .toString(),
      ).toBe("words");
    expect(requests).toBe(1);
    expect(steps).toEqual(["1/1 words.txt", "1/1 words.txt"]);
    put(cacheDir, sha256("words"), "damaged");
    expect((await readJudgingSources([words()], { from: null, cacheDir })).get("words.txt")!.toString()).toBe(
      "words",
    );
    expect(requests).toBe(2);
  });

  it("says in one line what is wrong with a copy", async () => {
    const from = `${folder}/bad`;
    put(from, "words.txt", "other words");
    await expect(readJudgingSources([words()], { from })).rejects.toThrow(
      `${from}/words.txt: SHA-256 must be ${sha256("words")} (the pinned version), got ${sha256("other words")}`,
    );
    await expect(readJudgingSources([{ ...words(), name: "none.txt" }], { from })).rejects.toThrow(
      `${from}/none.txt: file must exist, found none`,
    );
    await expect(readJudgingSources([{ ...words(), gzipCopy: true }], { from })).rejects.toThrow(
      "words.txt: must be a whole gzip file, got: ",
    );
  });

  it("says in one line why nothing could be fetched, and keeps nothing", async () => {
    const cacheDir = `${folder}/nothing`;
    const fetching = (path: string, rest: object = {}) =>
      readJudgingSources([{ ...words(), url: base + path, ...rest }], {
        from: null,
        cacheDir,
        timeoutMs: 300,
      });
    await expect(fetching("/missing")).rejects.toThrow(
      `${base}/missing: could not be fetched (the server answers 404 Not Found); give a local copy with --from DIR`,
    );
    await expect(fetching("/hang")).rejects.toThrow("/hang: could not be fetched (no answer within 0.3 s)");
    await expect(fetching("/else")).rejects.toThrow("/else: SHA-256 must be ");
    await expect(fetching("", { url: "http://127.0.0.1:1/x" })).rejects.toThrow(
      /could not be fetched \(.+\); give a local copy/,
    );
    expect(() => readdirSync(cacheDir)).toThrow("ENOENT");
  });
});
