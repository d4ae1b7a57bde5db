import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { expect, it } from "vitest";
import { exampleFiles } from "../../lib/datasets/example-files.js";
import { readDocumentFile } from "../../lib/training/fit/document-files.js";
import { documentKind } from "../../lib/training/fit/fit-documents.js";
import { tinyDataset } from "../support/tiny-dataset.js";

it("files of a data set are of the kinds that fit reads, with matches and scores as its categories say", async () => {
  const outDir = fs.mkdtempSync(path.join(os.tmpdir(), "qdrl-example-files-"));
  const files = await exampleFiles(tinyDataset().dir, outDir, { most: 60 });
  const kinds = Object.entries(files).map(async ([name, file]) => {
    const documents = await readDocumentFile(file, { isLabeled: name === "classes" });
    return [name, documentKind(documents)];
  });
  expect(Object.fromEntries(await Promise.all(kinds))).toMatchObject({
    ...{ classes: "class", sessions: "session", texts: "instance", pairs: "pairs", scored: "scored" },
  });
  const thing = (text: string | undefined) => text!.split(" ")[1];
  for (const { matches } of await readDocumentFile(files.sessions))
    expect(thing(matches![0]!.text)).not.toBe(thing(matches![1]!.text));
  const scores = (await readDocumentFile(files.scored)).map(({ tags }) => tags!.finetuner_score);
  expect(new Set(scores)).toEqual(new Set([0, 0.5, 1]));
});
