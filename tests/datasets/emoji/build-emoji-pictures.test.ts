import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { buildEmojiPictures } from "../../../lib/datasets/emoji/build-emoji-pictures.js";
import { readQueries } from "../../../lib/datasets/queries.js";
import { readTrainingRows } from "../../../lib/datasets/training-rows.js";

const root = fs.mkdtempSync(path.join(os.tmpdir(), "qdrl-emoji-pictures-"));

describe("emoji searched by pictures", () => {
  it("keeps the emoji of the evaluation out of training, and is the same each time", async () => {
    const outDir = path.join(root, "a");
    const manifest = await buildEmojiPictures({ outDir, heldOut: 40 });
    expect(manifest.counts).toMatchObject({ documents: 1597, trainingRows: 1557, outlinesQueries: 40 });
    const { columns } = await readTrainingRows(outDir, "training", ["query_picture", "document_id"]);
    const trained = new Set(columns["document_id"]);
    for (const set of manifest.evaluationSets) {
      const { queries } = await readQueries(path.join(outDir, set.queriesPath), {
        columns: ["query_picture"],
      });
      for (const { fields, relevantIds } of queries) {
        expect(trained.has(relevantIds[0]!)).toBe(false);
        expect(fs.existsSync(fields["query_picture"]!)).toBe(true);
      }
    }
    const again = await buildEmojiPictures({ outDir: path.join(root, "b"), heldOut: 40 });
    expect(again.fingerprint).toBe(manifest.fingerprint);
  });

  it("refuses to keep all of them out", async () => {
    await expect(buildEmojiPictures({ outDir: path.join(root, "c"), heldOut: 1597 })).rejects.toThrow(
      "heldOut must be an integer from 1 to 1596, got 1597",
    );
  });
});
