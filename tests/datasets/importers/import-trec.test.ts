import { expect, it } from "vitest";
import { importTrec } from "../../../lib/datasets/importers/import-trec.js";
import { readTrecDocuments, readTrecTopics } from "../../../lib/datasets/importers/trec-texts.js";
import { evaluationFilesOf, openDataset } from "../../../lib/datasets/open-dataset.js";
import { readQueries } from "../../../lib/datasets/queries.js";
import { readTrainingRows } from "../../../lib/datasets/training-rows.js";
import { jsonLines, put, testFolder } from "../test-folder.js";

const folder = testFolder();

// in the form of TREC's disks: unclosed topic elements, a document over several lines with markup and entities
const sgmlTopics = `<top>
<num> Number: 051
<title> Airbus Subsidies
<desc> Description:
Documents on subsidies.
</top>
<top>
<num> Number: 302
<title> Poliomyelitis &amp; Post-Polio
</top>
`;
const sgmlDocuments = `<DOC>
<DOCNO> FT911-1 </DOCNO>
<HEADLINE> FT  01 MAY 91 / Airbus gets
aid </HEADLINE>
<DATE>910501</DATE>
<TEXT>
The <F P=102>government</F> pays &pound;5 &lt;a lot&gt;.
</TEXT>
<TEXT>More.</TEXT>
</DOC>
<DOC><DOCNO>LA1</DOCNO><P>Polio is over.</P></DOC>
`;

it("reads topics and documents in SGML, JSON lines and tabs alike", () => {
  const dir = `${folder}/forms`;
  expect([...readTrecTopics(put(dir, "topics.sgml", sgmlTopics))]).toEqual([
    ["051", "Airbus Subsidies"],
    ["302", "Poliomyelitis & Post-Polio"],
  ]);
  expect([...readTrecTopics(put(dir, "t.tsv", "1\tred shoe\n2\tbox\n"))]).toEqual([
    ["1", "red shoe"],
    ["2", "box"],
  ]);
  const covid =
    '<topics>\n<topic number="1">\n<query>virus origin</query>\n<question>where from</question>\n</topic>\n</topics>\n';
  expect([...readTrecTopics(put(dir, "t.xml", covid))]).toEqual([["1", "virus origin"]]);
  const lines = jsonLines([{ qid: 7, query: "red shoe" }]);
  expect([...readTrecTopics(put(dir, "t.jsonl", lines))]).toEqual([["7", "red shoe"]]);

  expect(readTrecDocuments(put(dir, "d.sgml", sgmlDocuments))).toEqual([
    {
      id: "FT911-1",
      title: "FT 01 MAY 91 / Airbus gets aid",
      text: "FT 01 MAY 91 / Airbus gets aid The government pays &pound;5 <a lot>. More.",
    },
    { id: "LA1", title: "", text: "Polio is over." },
  ]);
  put(dir, "docs/b.tsv", "B\tBox\tof cardboard\n");
  put(dir, "docs/a.jsonl", jsonLines([{ docno: "A", title: "Shoe", contents: "red" }]));
  expect(readTrecDocuments(`${dir}/docs`)).toEqual([
    { id: "A", title: "Shoe", text: "Shoe red" },
    { id: "B", title: "Box", text: "Box of cardboard" },
  ]);
});

it("makes a data set of topics, documents and judgements by the parts that files name", async () => {
  const dir = `${folder}/parts`;
  put(dir, "topics.txt", sgmlTopics);
  put(dir, "topics-more.tsv", "3\tpolio vaccine\n4\tsubsidies airbus\n");
  put(dir, "documents.sgml", sgmlDocuments);
  put(dir, "qrels.train.txt", "3 0 LA1 2\n4 0 FT911-1 1\n");
  put(dir, "qrels.dev.txt", "302 0 LA1 1\n302 0 gone 1\n");
  put(dir, "qrels.test.txt", "51 0 FT911-1 1\n51 0 LA1 0\n");
  const manifest = await importTrec({ from: dir, outDir: `${dir}-out` });
  expect(manifest.counts).toMatchObject({
    documents: 2,
    topics: 4,
    trainingRows: 1, // "subsidies airbus" has the words of a test topic
    queriesDroppedAsTested: 1,
    judgedDocumentsNotInPool: 1,
  });
  const dataset = openDataset(`${dir}-out`);
  const { queries } = await readQueries(evaluationFilesOf(dataset, "test").queriesPath);
  expect(queries[0]).toMatchObject({
    id: "51",
    fields: { query_search_phrase: "Airbus Subsidies" },
    relevantIds: ["FT911-1"],
    grades: { "FT911-1": 1, LA1: 0 },
  });
  const { columns } = await readTrainingRows(`${dir}-out`, "training", [
    "query_search_phrase",
    "document_text",
  ]);
  expect(columns).toEqual({ query_search_phrase: ["polio vaccine"], document_text: ["Polio is over."] });
});

it("deals topics out where no file names a part", async () => {
  const dir = `${folder}/dealt`;
  const numbers = Array.from({ length: 30 }, (_, i) => i);
  put(dir, "queries.tsv", numbers.map((i) => `${i}\tthing${i} number${i}\n`).join(""));
  put(dir, "collection.tsv", numbers.map((i) => `D${i}\tthing${i} of number${i}\n`).join(""));
  put(dir, "qrels", numbers.map((i) => `${i} 0 D${i} 1\n`).join(""));
  const { counts } = await importTrec({ from: dir, outDir: `${dir}-out` });
  expect(counts).toMatchObject({ testQueries: 3, validationQueries: 3, trainingQueries: 24 });
});

it("names what is missing or wrong in one line", async () => {
  const dir = `${folder}/wrong`;
  put(dir, "docs.tsv", "A\tShoe\n");
  const outDir = `${dir}-out`;
  put(dir, "topics.tsv", "1\tshoe\n");
  await expect(importTrec({ from: dir, outDir })).rejects.toThrow(
    "wrong: must hold qrels (a file or folder named qrels, qrel, judgements, judgments …), got docs.tsv, topics.tsv",
  );
  put(dir, "qrels.test.txt", "2 0 A 1\n");
  await expect(importTrec({ from: dir, outDir })).rejects.toThrow(
    'qrels.test.txt: topic "2" must be among the topics, found none',
  );
  put(dir, "docs.tsv", "A\tShoe\nA\tBox\n");
  await expect(importTrec({ from: dir, outDir })).rejects.toThrow(
    'docs.tsv:2: each document must occur once, got "A" again',
  );
  put(dir, "docs.tsv", "nothing here\n");
  await expect(importTrec({ from: dir, outDir })).rejects.toThrow(
    'docs.tsv:1: must be TREC SGML, JSON lines or columns with tabs between, got "nothing here"',
  );
});
