import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { Readable } from "node:stream";
import { setTimeout } from "node:timers/promises";
import { expect, it } from "vitest";
import { FileStore } from "../../lib/service/file-store.js";

it("leaves nothing behind of a file that is too long, however early that is seen", async () => {
  const folder = path.join(fs.mkdtempSync(path.join(os.tmpdir(), "qdrl-store-")), "files");
  const store = new FileStore(folder);
  for (let i = 0; i < 200; i++) {
    const body = Readable.from([Buffer.alloc(20)]);
    await expect(store.save("a.bin", body, { limit: 10 })).rejects.toThrow("must be at most 10 bytes");
  }
  await setTimeout(50); // what would still be opening a file
  expect(fs.readdirSync(folder)).toEqual([]);
  fs.rmSync(path.dirname(folder), { recursive: true });
});
