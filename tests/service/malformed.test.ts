import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Serving, serve } from "../../lib/service/serve.js";
import { sendMalformed } from "./malformed-requests.js";

const TOKEN = "a-token-of-the-test";

describe("malformed requests", () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "qdrl-fuzz-"));
  let serving: Serving;
  beforeAll(async () => {
    serving = await serve({
      root: path.join(folder, "runs"),
      token: TOKEN,
      port: 0,
      rate: 100_000,
      workers: 0,
    });
  });
  afterAll(async () => {
    await serving.close();
    fs.rmSync(folder, { recursive: true });
  });

  it("of every address are answered by a line that is no failure, and the server goes on", async () => {
    const { statuses, failures } = await sendMalformed(serving.address, TOKEN, 150);
    expect(failures).toEqual([]);
    // both refusals and answers were met
    for (const status of [200, 400, 401, 404]) expect(statuses.get(status) ?? 0).toBeGreaterThan(0);
    const alive = await fetch(`${serving.address}/api/v1/experiments`, {
      headers: { authorization: `token ${TOKEN}` },
    });
    expect(alive.status).toBe(200);
    // nothing was written beside the root
    expect(fs.readdirSync(folder).filter((name) => name !== "runs")).toEqual([]);
  });
});
