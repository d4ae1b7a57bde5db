import fs from "node:fs";
import path from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { judgesAgreement } from "../../../lib/annotation/judge/agreement.js";
import { buildJudgingTask } from "../../../lib/annotation/judge/build-judging-task.js";
import { importJudgements } from "../../../lib/annotation/judge/import-judgements.js";
import { readJudgingSources } from "../../../lib/annotation/judge/judging-sources.js";
import { saveJudgements } from "../../../lib/annotation/judge/save-judgements.js";
import { JudgingSession } from "../../../lib/browser/judging/judging-session.js";
import { sessionText } from "../../../lib/browser/judging/session-file.js";
import { readJudgements } from "../../../lib/datasets/judgements.js";
import { writeJudgingQueue } from "../../../lib/datasets/judging-queue.js";
import { readQrels } from "../../../lib/datasets/trec.js";
import { tinyDataset } from "../../support/tiny-dataset.js";

const tiny = tinyDataset();
afterAll(() => fs.rmSync(tiny.root, { recursive: true }));
const at = (name: string) => path.join(tiny.root, name);
const write = (name: string, text: string) => {
  fs.writeFileSync(at(name), text);
  return at(name);
};
const runFile = (name: string, documents: readonly string[]) =>
  write(
    name,
    ["q1", "q2", "q3"]
      .flatMap((query) => documents.map((id, i) => `${query} Q0 ${id} ${i + 1} ${10 - i} ${name}\n`))
      .join(""),
  );
const runs = [runFile("a.run", ["d0", "d1", "d2"]), runFile("b.run", ["d2", "d3", "d1"])];
const task = async (more: object = {}) =>
  buildJudgingTask(readJudgingSources(runs, { dataset: tiny.dir }), { k: 3, secondPass: 0, ...more });

/** A session over the two runs in which a judge gives every document the same grade. */
async function judged(judge: string, grade: number, when: string): Promise<string> {
  const of = await task();
  const session = new JudgingSession(of, { task: of.id, judge, draws: [], answers: [], intents: [] });
  for (let question = session.question(); question; question = session.question())
    session.answer(question, grade, when);
  return sessionText(of, session.log, session.comparisons());
}

describe("what is to be judged", () => {
  it("is each document once for each query, with its fields and what it shows", async () => {
    const { queries, documents, fields, measure } = await task();
    expect(queries.map(({ id, lists }) => [id, lists])).toEqual(
      ["q1", "q2", "q3"].map((id) => [
        id,
        [
          [0, 1, 2],
          [2, 3, 1],
        ],
      ]),
    );
    expect(documents.map(({ id }) => id)).toEqual(["d0", "d1", "d2", "d3"]);
    expect(fields).toEqual(["document_name", "document_category_id"]);
    expect(documents[1]!.texts).toEqual(["red shirt", "shirt"]);
    expect(measure).toBe("nDCG@3");
  });

  it("is refused in one line", async () => {
    await expect(task({ measure: "Recall@10" })).rejects.toThrow(
      "within the 3 documents that are judged of each run, as nDCG@3, got Recall@10",
    );
    await expect(task({ k: 5 })).rejects.toThrow(
      "k: must be at most 3, the documents that a keeps of a query, got 5",
    );
    await expect(task({ fields: ["title"] })).rejects.toThrow(
      'fields: must be of document_name, document_category_id, document_id, got "title"',
    );
    await expect(task({ qrels: write("other.qrels", "x9 0 d1 1\n") })).rejects.toThrow(
      "got those of another data set, such as x9",
    );
    expect(() => readJudgingSources(runs)).toThrow("dataset: must be given with TREC run files");
    expect(() => readJudgingSources([runs[0]!, runs[0]!], { dataset: tiny.dir })).toThrow(/runs/);
    await expect(
      buildJudgingTask(readJudgingSources([runs[0]!], { dataset: tiny.dir }), { k: 3 }),
    ).rejects.toThrow("must be two or more");
    writeJudgingQueue(at("queue.jsonl"), [{ query: "q1", document: "elsewhere", reason: "near", score: 1 }]);
    await expect(task({ queue: at("queue.jsonl") })).rejects.toThrow('got document "elsewhere"');
  });

  it("can be a list, without any run", async () => {
    writeJudgingQueue(at("queue.jsonl"), [
      { query: "q2", document: "d7", reason: "near", score: 0.2 },
      { query: "q1", document: "d4", reason: "nearer", score: 0.9 },
    ]);
    const of = await buildJudgingTask(readJudgingSources([], { dataset: tiny.dir }), {
      queue: at("queue.jsonl"),
    });
    expect(
      of.queue!.map(({ query, document, reason }) => [
        of.queries[query]!.id,
        of.documents[document]!.id,
        reason,
      ]),
    ).toEqual([
      ["q1", "d4", "nearer"],
      ["q2", "d7", "near"],
    ]);
  });
});

describe("judgements that are imported", () => {
  it("from the page become lines with who, when and what was shown, and grades", async () => {
    const text = await judged("Anna B.", 2, "2026-11-29T12:00:00.000Z");
    const file = write("session.json", text);
    const [saved] = saveJudgements(at("judged"), await importJudgements(file));
    expect(saved).toMatchObject({ judge: "Anna B.", judgements: 12, file: at("judged/Anna-B..jsonl") });
    const { header, judgements } = readJudgements(saved!.file);
    expect(header).toMatchObject({ set: "queries", session: { k: 3, systems: ["a", "b"], random: 0.2 } });
    expect(judgements[0]).toMatchObject({
      query: "q1",
      document: "d0",
      judge: "Anna B.",
      when: "2026-11-29T12:00:00.000Z",
    });
    expect(judgements[0]!.shown).toMatchObject({
      fields: ["document_name", "document_category_id"],
      picture: false,
    });
    expect(judgements[0]!.drawn!.probability).toBeGreaterThan(0);
    expect([...readQrels(saved!.qrels!).keys()]).toEqual(["q1", "q2", "q3"]);
    // a later grade takes the place of an earlier one, an earlier one changes nothing
    const later = write("later.json", await judged("Anna B.", 0, "2026-11-29T13:00:00.000Z"));
    for (const again of [later, file]) saveJudgements(at("judged"), await importJudgements(again));
    expect(new Set(readJudgements(saved!.file).judgements.map(({ grade }) => grade))).toEqual(new Set([0]));
    await expect(importJudgements(write("half.json", text.slice(0, 500)))).rejects.toThrow(
      /half\.json: a saved session must be whole/,
    );
    await expect(importJudgements(at("none.json"))).rejects.toThrow(/file must exist, found none/);
  });

  const from = (name: string, text: string, more: object = {}) =>
    importJudgements(write(name, text), { dataset: tiny.dir, ...more });

  it("from Quepid's case and book, by the text of the query", async () => {
    const { judgements } = await from(
      "case.csv",
      "query,docid,rating\nred stool,d0,3\nnever rated\nRed  Stool,d1,0\n",
      { judge: "ben" },
    );
    expect(judgements).toHaveLength(2);
    expect(judgements[0]).toMatchObject({
      document: "d0",
      grade: 3,
      judge: "ben",
      source: "Quepid, case",
      when: null,
    });
    const book = await from(
      "book.csv",
      `query,docid,Cleo,dan@example.org\n"red stool",d0,3,2\nred stool,d2,,1\n`,
    );
    expect(book.judgements.map(({ judge, document, grade }) => [judge, document, grade])).toEqual([
      ["Cleo", "d0", 3],
      ["dan@example.org", "d0", 2],
      ["dan@example.org", "d2", 1],
    ]);
    expect(saveJudgements(at("quepid"), book).map(({ file }) => path.basename(file))).toEqual([
      "Cleo.jsonl",
      "dan@example.org.jsonl",
    ]);
  });

  it("from Label Studio, with columns that are guessed or named", async () => {
    const head = "annotation_id,annotator,created_at,id,lead_time,query,sku,stars,updated_at,was_cancelled\n";
    const rows = `7,eve@example.org,2026-01-02T03:04:05.678901Z,1,2.5,red stool,d0,"2 relevant",2026-01-02T03:04:05Z,False\n8,eve@example.org,2026-01-02T03:05:00Z,2,1,red stool,d1,"exactly this",,False\n9,eve@example.org,2026-01-02T03:05:00Z,3,1,red stool,d2,1,,True\n`;
    await expect(from("studio.csv", head + rows)).rejects.toThrow(
      /column of the document must be named with --columns document=NAME, one of id, query, sku, stars, got none/,
    );
    const { judgements } = await from("studio.csv", head + rows, {
      columns: { document: "sku", grade: "stars" },
    });
    expect(judgements.map(({ judge, document, grade, when }) => [judge, document, grade, when])).toEqual([
      ["eve@example.org", "d0", 2, "2026-01-02T03:04:05.678Z"],
      ["eve@example.org", "d1", 3, "2026-01-02T03:05:00.000Z"],
    ]);
  });

  it("by a program stay another judge's", async () => {
    const program = await from("llm.qrels", "q1 0 d0 1\nq2 0 d1 0\n", { judge: "llm", machine: true });
    expect(program.judgements.every(({ machine }) => machine)).toBe(true);
    saveJudgements(at("llm"), program);
    const person = await from("person.qrels", "q1 0 d1 1\n", { judge: "llm" });
    expect(() => saveJudgements(at("llm"), person)).toThrow('"llm" must be a person or a program, got both');
  });

  it("are refused in one line where they are of other data, contradict themselves, or are no grades", async () => {
    await expect(from("far.qrels", "q1 0 d0 1\nz 0 d0 1\ny 0 d9 0\n", { judge: "x" })).rejects.toThrow(
      /far\.qrels: must judge documents of .* 2 of 3 lines name others, such as query "z"/,
    );
    await expect(from("bare.qrels", "q1 0 d0 1\n")).rejects.toThrow(/judge: must be named for .*bare\.qrels/);
    await expect(from("two.csv", "query,docid,rating\nq1,d0,3\nq1,d0,1\n", { judge: "x" })).rejects.toThrow(
      /got 3 and 1 by x for "d0" and query "q1"/,
    );
    await expect(from("odd.csv", "query,docid,rating\nq1,d0,good\n", { judge: "x" })).rejects.toThrow(
      /grades must be whole numbers from 0.*got "good"/,
    );
    await expect(from("what.csv", "a,b\n1,2\n")).rejects.toThrow(
      /must have Quepid's columns .* or Label Studio's .*got a, b/,
    );
    saveJudgements(at("one"), await from("one.qrels", "q1 0 d0 1\n", { judge: "x" }));
    const other = await from("one.qrels", "q1 0 d0 3\n", { judge: "x" });
    expect(() => saveJudgements(at("one"), other)).toThrow(
      /got 1 and 3 for "d0" and query "q1", and no time that says which is later/,
    );
  });
});

describe("agreement of judges", () => {
  it("is counted over documents that both graded, and between the passes of one", async () => {
    const of = (text: string, judge: string) =>
      importJudgements(write(`${judge}.qrels`, text), { dataset: tiny.dir, judge });
    const anna = await of("q1 0 d0 1\nq1 0 d1 0\nq2 0 d1 0\nq3 0 d2 2\nq3 0 d3 1\n", "anna");
    const ben = await of("q1 0 d0 1\nq2 0 d1 1\nq3 0 d2 0\nq3 0 d5 2\n", "ben");
    const [both] = judgesAgreement([anna, ben]);
    expect(both).toMatchObject({ judges: ["anna", "ben"], plain: { count: 3 } });
    expect(both!.plain.equal).toBeCloseTo(1 / 3, 12);
    expect(both!.apart[0]).toEqual({ query: "q3", document: "d2", first: 2, second: 0 });
    const again = {
      ...anna,
      judgements: anna.judgements.slice(0, 2).flatMap((line) => [line, { ...line, pass: 2 as const }]),
    };
    expect(judgesAgreement([again])[0]).toMatchObject({
      judges: ["anna", "anna"],
      plain: { equal: 1, count: 2 },
    });
    expect(() => judgesAgreement([anna])).toThrow(
      "two judges must have graded a document both, or one twice",
    );
  });
});
