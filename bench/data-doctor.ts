/**
 * How long the data doctor takes, and how much memory, on generated pairs: words by Zipf's law, documents by popularity, a
 * thousandth of the rows with planted faults. Writes a data set into a scratch folder first.
 *
 *   npx tsx bench/data-doctor.ts [rows, default 100000] [folder, default: a scratch folder that is removed] [generate: write it, no more]
 *
 * 100,000 rows: some 10 s; 3 million: 90 s and half a minute for writing them; 30 million: about 12 minutes and 5,
 * in two calls with the same folder, the first with `generate`.
 */
import { execFileSync } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { examineData } from "../lib/analysis/data-doctor/examine-data.js";
import { layout, partName } from "../lib/datasets/dataset-layout.js";
import { writeJsonLines } from "../lib/datasets/json-lines.js";
import { writeParquet } from "../lib/datasets/parquet.js";
import { Random } from "../lib/engine/random/random.js";

const rows = Number(process.argv[2] ?? 100_000);
const given = process.argv[3];
const folder = given ?? fs.mkdtempSync(path.join(os.tmpdir(), "qdrl-doctor-"));
const PART = 250_000;
const HELD_OUT = 2000;

/** A word that can be pronounced, by its number. */
function word(number: number): string {
  let text = "";
  for (let left = number + 20; left > 0; left = Math.floor(left / 60))
    text += "bdfgklmnprst"[left % 12]! + "aeiou"[Math.floor(left / 12) % 5]!;
  return text;
}

function generate(): void {
  const random = new Random(1);
  const documents = Math.max(1000, Math.floor(rows / 15));
  const vocabulary = 50_000;
  // density 1/x over the vocabulary: Zipf's law
  const zipf = () => Math.floor(Math.exp(random.next() * Math.log(vocabulary))) - 1;
  const titles: string[] = [];
  const titleOf = (document: number) => (titles[document] ??= newTitle(document));
  const newTitle = (document: number) => {
    const own = new Random(document);
    const words = 3 + own.int(6);
    return Array.from({ length: words }, () =>
      word(Math.floor(Math.exp(own.next() * Math.log(vocabulary))) - 1),
    ).join(" ");
  };
  const queryOf = (title: string) => {
    const words = title.split(" ");
    return `${words[random.int(words.length)]!} ${words[random.int(words.length)]!} ${word(zipf())}`;
  };
  for (let part = 0; part * PART < rows; part++) {
    const count = Math.min(PART, rows - part * PART);
    const columns = {
      query_search_phrase: [] as string[],
      document_id: [] as string[],
      document_name: [] as string[],
    };
    for (let i = 0; i < count; i++) {
      const document = Math.floor(documents * random.next() * random.next());
      const title = titleOf(document);
      columns.query_search_phrase.push(random.next() < 0.001 ? "cafÃ© again" : queryOf(title));
      columns.document_id.push(`d${document}`);
      columns.document_name.push(title);
    }
    writeParquet(path.join(folder, layout.training, partName(part)), columns);
  }
  const pool = Array.from({ length: Math.min(documents, 20_000) }, (_, i) => ({
    document_id: `d${i}`,
    document_name: titleOf(i),
  }));
  writeJsonLines(path.join(folder, layout.items), pool);
  writeJsonLines(
    path.join(folder, layout.queries),
    Array.from({ length: HELD_OUT }, (_, i) => ({
      query_id: `q${i}`,
      query_search_phrase: queryOf(titleOf(i)),
      relevant_document_ids: [`d${i}`],
    })),
  );
}

if (process.argv[4] === "generate") {
  generate();
  process.exit(0);
}
// in a process of its own, so that the peak is the doctor's
if (!fs.existsSync(path.join(folder, layout.training)))
  execFileSync(process.execPath, [...process.execArgv, process.argv[1]!, `${rows}`, folder, "generate"], {
    stdio: "inherit",
  });
const before = process.cpuUsage();
const { report } = await examineData(folder, { listener: {} });
const { user, system } = process.cpuUsage(before);
for (const { outcome, name, check, what, count, of } of report.findings)
  if (outcome !== "ok") console.log(`${outcome} ${name ?? check}: ${count} of ${of} ${what}`);
console.log(
  `${rows.toLocaleString("en")} rows: ${report.seconds.toFixed(1)} s, ${((user + system) / 1e6).toFixed(1)} CPU s, peak ${(report.peakBytes / 2 ** 30).toFixed(2)} GiB; ${report.counts.queries.toLocaleString("en")} queries, ${report.counts.documents.toLocaleString("en")} documents`,
);
if (given === undefined) fs.rmSync(folder, { recursive: true });
