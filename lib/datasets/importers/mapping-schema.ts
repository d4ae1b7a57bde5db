import { statSync } from "node:fs";
import path from "node:path";
import { z } from "zod";
import { checkYaml, loadYaml } from "../../config/yaml-with-schema.js";
import { DataError } from "../../files/data-error.js";

const columns = z
  .record(z.string().min(1), z.string().min(1))
  .refine((map) => Object.keys(map).length > 0, "needs at least one column")
  .describe("column of the data set: column of the source");

/** What is said of any table. */
const table = {
  from: z.string().min(1).describe("file or folder of part-files, from the mapping's folder"),
  pictures: z
    .record(z.string().min(1), z.string().min(1))
    .default({})
    .describe(
      "column of the data set whose cells name picture files: the folder they are in, from the mapping's; they are copied in",
    ),
  delimiter: z
    .string()
    .min(1)
    .nullable()
    .default(null)
    .describe("of .csv and .tsv; null = comma, and tab for .tsv"),
  quotes: z
    .boolean()
    .nullable()
    .default(null)
    .describe('whether `"` quotes cells of .csv and .tsv; null = yes, but not in .tsv'),
  encoding: z.enum(["utf8", "latin1"]).nullable().default(null).describe("of .csv and .tsv; null = utf8"),
};

const judgements = {
  ...table,
  document_id: z.string().min(1).describe("column with the document's id"),
  columns: columns.describe("query columns; the search phrase first"),
  grade: z
    .string()
    .min(1)
    .nullable()
    .default(null)
    .describe("column with a number; null = every row is relevant"),
  slice: z
    .string()
    .min(1)
    .nullable()
    .default(null)
    .describe("column with a kind of query, by which results are shown apart; null = none"),
};

const evaluationSet = z.strictObject({
  name: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9_-]*$/, { error: "must be letters, digits, '_' or '-'" })
    .default("test")
    .describe("of the evaluation set, as tables show it"),
  ...judgements,
});

/** How somebody's own files become a data set. */
export const mappingSchema = z.strictObject({
  name: z.string().min(1),
  licence: z.string().default("unknown"),
  documents: z.strictObject({
    id: z
      .string()
      .min(1)
      .nullable()
      .describe("column with the document's id; null, where there are no pairs = the number of its row"),
    columns,
    ...table,
  }),
  pairs: z
    .strictObject({
      ...judgements,
      part: z
        .string()
        .min(1)
        .nullable()
        .default(null)
        .describe("column that says train, validation or test; null = dealt out by `split`"),
    })
    .nullable()
    .default(null)
    .describe("queries with relevant documents; null = documents alone, to be searched without any label"),
  evaluation: z
    .preprocess(
      (value) => (value !== null && typeof value === "object" && !Array.isArray(value) ? [value] : value),
      z.array(evaluationSet).min(1).nullable(),
    )
    .default(null)
    .describe("one or more sets of pairs to test on; null = split off from `pairs`"),
  min_grade: z.number().default(1).describe("grade from which on a document is relevant"),
  split: z
    .strictObject({ validation: z.number().min(0).max(1), test: z.number().min(0).max(1) })
    .refine(({ validation, test }) => validation + test <= 1, {
      error: ({ input }) => `validation and test must sum to at most 1, got ${JSON.stringify(input)}`,
    })
    .default({ validation: 0.1, test: 0.1 })
    .describe("fractions of the queries; `test` is not used where `evaluation` or test rows are given"),
  category_column: z.string().min(1).nullable().default(null).describe("document column that is categorical"),
  seed: z.int().default(42),
  max_malformed: z.int().min(0).default(100).describe("malformed rows allowed per source"),
  on_error: z.enum(["fail", "skip"]).default("fail").describe("part-files that cannot be read"),
});

export type Mapping = z.infer<typeof mappingSchema>;
/** A table of the mapping: documents, pairs or an evaluation set. */
export type MappedTable = Pick<
  Mapping["documents"],
  "from" | "columns" | "pictures" | "delimiter" | "quotes" | "encoding"
>;
export type MappedPairs = NonNullable<Mapping["pairs"]> | NonNullable<Mapping["evaluation"]>[number];

/** Names of tables, which are easily taken for mappings. */
const TABLES = [".csv", ".tsv", ".json", ".jsonl", ".ndjson", ".parquet"];

/**
 * Reads a mapping from its YAML file, or takes the same keys as an object.
 *
 * @returns the mapping, and the folder that its paths start from
 * @throws UserError one line per broken rule: `file:line: key must …, got value`; for a table or a folder where a mapping is
 *   wanted it says how one is written
 */
export function readMapping(mapping: string | z.input<typeof mappingSchema>): {
  settings: Mapping;
  base: string;
} {
  if (typeof mapping !== "string") {
    const read = { values: mapping as Record<string, unknown>, has: () => false, where: () => "mapping" };
    return { settings: checkYaml(mappingSchema, brokenRules, read), base: process.cwd() };
  }
  const isFolder = statSync(mapping, { throwIfNoEntry: false })?.isDirectory() ?? false;
  if (isFolder || TABLES.includes(path.extname(mapping).toLowerCase()))
    throw new DataError(
      `${mapping}: mapping must be a YAML file that says what the columns are, got ${isFolder ? "a folder" : "a table"}; "qdrl init ${mapping}" writes one and imports by it`,
    );
  return { settings: loadYaml(mappingSchema, brokenRules, mapping), base: path.dirname(mapping) };
}

/** Rules between keys. */
function brokenRules(settings: Mapping): { path: (string | number)[]; message: string }[] {
  const issues: { path: (string | number)[]; message: string }[] = [];
  const known = (map: Record<string, string>) => Object.keys(map).sort().join(", ");
  const category = settings.category_column;
  if (settings.documents.id === null && (settings.pairs !== null || settings.evaluation !== null))
    issues.push({
      path: ["documents", "id"],
      message: "must name a column where pairs name documents, got null",
    });
  if (category !== null && !Object.hasOwn(settings.documents.columns, category))
    issues.push({
      path: ["category_column"],
      message: `must be one of the document columns (${known(settings.documents.columns)}), got "${category}"`,
    });
  const tables: [(string | number)[], MappedTable][] = [
    [["documents"], settings.documents],
    ...(settings.pairs === null ? [] : [[["pairs"], settings.pairs] as [(string | number)[], MappedTable]]),
    ...(settings.evaluation ?? []).map((set, i): [(string | number)[], MappedTable] => [
      ["evaluation", i],
      set,
    ]),
  ];
  for (const [at, { columns, pictures }] of tables)
    for (const name of Object.keys(pictures))
      if (!Object.hasOwn(columns, name))
        issues.push({
          path: [...at, "pictures", name],
          message: `must be one of the columns beside it (${known(columns)}), got "${name}"`,
        });
  const names = (settings.evaluation ?? []).map(({ name }) => name);
  const twice = names.findIndex((name, i) => names.indexOf(name) < i);
  if (twice !== -1)
    issues.push({
      path: ["evaluation", twice, "name"],
      message: `must differ from the other sets' names, got "${names[twice]}" again`,
    });
  if (names.includes("validation"))
    issues.push({
      path: ["evaluation", names.indexOf("validation"), "name"],
      message: 'must not be "validation", which is the set of queries held out for choices',
    });
  return issues;
}
