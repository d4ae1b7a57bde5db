import { createInterface } from "node:readline/promises";
import type { Command } from "commander";
import { type ColumnGuess, type ColumnRole, columnRoles } from "../../datasets/init/guess-columns.js";
import { documentRoles, type SourceTables } from "../../datasets/init/guess-mapping.js";
import { emptyRecord, ownEntry } from "../../files/own-entry.js";
import { UserError } from "../../files/user-error.js";
import { type InitResult, initDataset } from "../../runs/init-dataset.js";

const meanings: Readonly<Record<ColumnRole, string>> = {
  part: "train, validation or test",
  picture: "document's picture file",
  grade: "how relevant, a number",
  query: "search phrase",
  title: "document's title",
  id: "document's id",
  text: "document's text",
  category: "document's category",
  slice: "kind of query",
};

/** In the order in which they are asked for. */
const askedRoles: readonly ColumnRole[] = [
  "query",
  "title",
  "id",
  "text",
  "category",
  "picture",
  "grade",
  "part",
  "slice",
];

/** `qdrl init PATH`. */
export function addInitCommand(program: Command): void {
  program
    .command("init")
    .description("make a data set and ready configurations of your own files; asks what its columns are")
    .argument(
      "<path>",
      "table (.csv, .tsv, .jsonl, .parquet), folder of tables or of .txt documents, BEIR folder or TREC folder",
    )
    .option("--name <name>", "of data set and configurations; default: the file's or folder's name")
    .option(
      "--column <role=name...>",
      `say what a column is, "none" for none; roles: ${columnRoles.join(", ")}`,
    )
    .option("--no-labels", "documents alone, to be searched without any label")
    .option("-y, --yes", "ask nothing, take the guess; so it is where there is no terminal")
    .addHelpText(
      "after",
      "\nExamples:\n  $ qdrl init shop.csv\n  $ qdrl init shop.csv --yes --column query=search --column category=none\n  $ qdrl init docs.jsonl --no-labels\n  $ qdrl init exports/ --name shop",
    )
    .action(
      async (
        source: string,
        options: { name?: string; column?: string[]; labels: boolean; yes?: boolean },
      ) => {
        const asks = options.yes !== true && process.stdin.isTTY === true && process.stderr.isTTY === true;
        const result = await initDataset(source, {
          columns: columnsOf(options.column ?? []),
          labels: options.labels,
          ...(options.name !== undefined && { name: options.name }),
          ...(asks && { confirm: askColumns(options.labels ? askedRoles : documentRoles) }),
        });
        process.stdout.write(`${summary(result).join("\n")}\n`);
      },
    );
}

/** `role=column` of each, "none" as null. */
export function columnsOf(pairs: readonly string[]): Record<string, string | null> {
  const columns = emptyRecord<string | null>();
  for (const pair of pairs) {
    const at = pair.indexOf("=");
    if (at < 1) throw new UserError(`--column: must look like query=NAME, got "${pair}"`);
    const column = pair.slice(at + 1);
    columns[pair.slice(0, at)] = column === "none" ? null : column;
  }
  return columns;
}

/** Goes through the roles on the terminal: Enter takes the guess, "-" is none, a name is taken if there is such a column. */
function askColumns(roles: readonly ColumnRole[]) {
  return ({ pairs, documents }: SourceTables, guess: ColumnGuess) =>
    answersOf({ ...documents.columns, ...pairs.columns }, roles, guess);
}

async function answersOf(
  columns: Readonly<Record<string, readonly string[]>>,
  roles: readonly ColumnRole[],
  guess: ColumnGuess,
): Promise<Record<string, string | null>> {
  const line = (text: string) => process.stderr.write(`${text}\n`);
  line("Columns and their first cells:");
  for (const [name, cells] of Object.entries(columns))
    line(
      `  ${name}: ${[...new Set(cells.filter((cell) => cell !== ""))].slice(0, 3).join(" · ").slice(0, 70)}`,
    );
  line('What is what? Enter takes the column in brackets, "-" is none.');
  const answers: Record<string, string | null> = {};
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    for (const role of roles)
      for (;;) {
        const said = (
          await terminal.question(`  ${role} (${meanings[role]}) [${guess[role] ?? "-"}]: `)
        ).trim();
        if (said !== "" && said !== "-" && !Object.hasOwn(columns, said)) {
          line(`  no column "${said}"; there are ${Object.keys(columns).join(", ")}`);
          continue;
        }
        answers[role] = said === "" ? (guess[role] ?? null) : said === "-" ? null : said;
        break;
      }
  } finally {
    terminal.close();
  }
  return answers;
}

/** What was taken for what, what was written, and the commands that come next. */
function summary({
  name,
  datasetDir,
  configs,
  counts,
  warnings,
  roles,
  titles,
  furtherColumns,
}: InitResult): string[] {
  const lines = [...warnings];
  if (roles !== null) {
    const said = columnRoles.flatMap((role) => (roles[role] === undefined ? [] : `${role} = ${roles[role]}`));
    lines.push(
      `columns: ${said.join(", ")}${furtherColumns.length > 0 ? `; also searched: ${furtherColumns.join(", ")}` : ""}`,
    );
    lines.push(`mapping: configs/${name}/mapping.yaml`);
  }
  const count = (key: string) => (ownEntry(counts, key) ?? 0).toLocaleString("en");
  const tested = Object.keys(counts).filter((key) => key.endsWith("Queries") && !key.startsWith("training"));
  const queries = tested.map((key) => `${count(key)} ${key.replace(/Queries$/, "")} queries`);
  lines.push(
    `${datasetDir}: ${count("documents")} documents, ${count("trainingRows")} training pairs, ${queries.join(", ")}`,
  );
  const lost = ["malformedRows", "rowsWithoutId", "judgedDocumentsNotInPool", "queriesDroppedAsTested"];
  const left = lost.filter((key) => (ownEntry(counts, key) ?? 0) > 0);
  if (left.length > 0) lines.push(`left out: ${left.map((key) => `${count(key)} ${key}`).join(", ")}`);
  if (titles !== null) {
    const lengths = `titles have ${titles.titleWords.toFixed(1)} words, queries ${titles.queryWords.toFixed(1)}`;
    lines.push(
      titles.fit
        ? `titles are training queries too (${lengths}); dataset.document_pairs: null in encoder.yaml leaves them out`
        : `titles are no training queries (${lengths}); dataset.document_pairs: document_name in encoder.yaml adds them`,
    );
  }
  lines.push(`configurations: ${configs.join(", ")}`);
  const best = configs.find((file) => file.endsWith("/both.yaml"));
  const runs = (best === undefined ? ["bm25"] : ["bm25", "encoder", "both"]).map(
    (run) => `reports/runs/${name}/${run}`,
  );
  const free = configs.find((file) => file.endsWith("label-free-bm25.yaml"));
  if (free !== undefined)
    lines.push(
      `no labels: documents are found by their own texts; better, where meaning counts, with a transformer as teacher:\n  npm run qdrl -- model import all-MiniLM-L6-v2\n  npm run qdrl -- train ${free}`,
    );
  if (Object.hasOwn(counts, "known-itemsQueries"))
    lines.push(
      "known-items queries are words drawn from one document each: they show what typing errors cost, not how people search",
    );
  lines.push(
    "next:",
    `  npm run qdrl -- train ${best ?? configs[0]}`,
    `  npm run qdrl -- report ${runs.join(" ")} --output reports/${name}.html`,
  );
  return lines;
}
