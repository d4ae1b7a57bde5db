import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { expect, it } from "vitest";
import { readJudgingQueue, writeJudgingQueue } from "../../lib/datasets/judging-queue.js";

it("keeps what should be judged, highest score first, and names the line that cannot be read", () => {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), "qdrl-queue-"));
  const file = path.join(dir, "suspects.jsonl");
  const entry = (document: string, score: number) => ({
    query: "q",
    document,
    reason: "near a positive",
    score,
  });
  writeJudgingQueue(file, [entry("a", 0.2), entry("b", 0.9), entry("c", 0.5)]);
  expect(readJudgingQueue(file).map(({ document }) => document)).toEqual(["b", "c", "a"]);
  const text = fs.readFileSync(file, "utf8");
  fs.writeFileSync(file, `${text}${JSON.stringify(entry("b", 1))}\n`);
  expect(() => readJudgingQueue(file)).toThrow(/suspects\.jsonl:4: must name a document once .*"b"/);
  fs.writeFileSync(file, `${text}{"query": "q", "document": 7}\n`);
  expect(() => readJudgingQueue(file)).toThrow(/suspects\.jsonl:4: must have query, document.*"document"/);
  fs.writeFileSync(file, "");
  expect(() => readJudgingQueue(file)).toThrow(/must name at least one document to judge, got 0/);
  fs.rmSync(dir, { recursive: true });
});
