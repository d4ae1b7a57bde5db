import { readdirSync, statSync } from "node:fs";
import path from "node:path";
import { Random } from "../../engine/random/random.js";
import { DataError } from "../../files/data-error.js";
import { emptyRecord } from "../../files/own-entry.js";
import {
  type JudgedQuery,
  judgedQueries,
  notInPool,
  relevantPairs,
  splitQueries,
  withoutTested,
} from "../judged-split.js";
import type { DatasetManifest } from "../manifest.js";
import { type DatasetPart, partInName } from "../part-names.js";
import { type Qrels, readQrels } from "../trec.js";
import { defaultDictionarySizes, writeDataset } from "../write-dataset.js";
import { readTrecDocuments, readTrecTopics } from "./trec-texts.js";

export interface TrecImportOptions {
  /** Folder with topics, documents and qrels; see {@link importTrec} for names. */
  from: string;
  outDir: string;
  /** Name of the data set. Default: the folder's. */
  name?: string;
  /** Smallest grade that counts as relevant. Default 1. */
  minGrade?: number;
  /** Default 42. */
  seed?: number;
}

/** What a file or folder of a collection is, by words in its name. */
const kinds = {
  qrels: ["qrels", "qrel", "judgements", "judgments"],
  topics: ["topics", "topic", "queries", "query"],
  documents: ["documents", "document", "docs", "corpus", "collection", "passages"],
} as const;

type Kind = keyof typeof kinds;

/**
 * Imports a test collection in TREC's form: topics (`topics*`, `queries*`: SGML, tabs or JSON lines), documents (`documents*`,
 * `docs*`, `corpus*`, `collection*`: a file or folder of SGML, JSON lines or tabs) and judgements (`qrels*`), of each one
 * or several. Judgements in a file whose name mentions a part (`qrels.train.txt`, `qrels-dev.tsv`) are of that part; others are
 * dealt out by near-duplicate group, a tenth each for test and validation, unless there are some of a test.
 *
 * @throws DataError naming the file that is missing, or file and line of what is wrong
 */
export async function importTrec(options: TrecImportOptions): Promise<DatasetManifest> {
  const { from, outDir, seed = 42, minGrade = 1, name = path.basename(path.resolve(from)) } = options;
  const files = findFiles(from);
  const documents = files.documents.flatMap(readTrecDocuments).map(({ id, title, text }) => ({
    document_id: id,
    document_name: title,
    document_text: text,
  }));
  const byId = new Map(documents.map((document) => [document.document_id, document]));
  const topics = new Map(files.topics.flatMap((file) => [...readTrecTopics(file)]));
  const parts: Record<DatasetPart | "unsaid", JudgedQuery[]> = {
    training: [],
    validation: [],
    test: [],
    unsaid: [],
  };
  for (const file of files.qrels) {
    const part = partInName(path.basename(file)) ?? "unsaid";
    parts[part].push(...joinTopics(readQrels(file), topics, file));
  }
  const isTested = parts.test.length > 0;
  const dealt = splitQueries(parts.unsaid, { validation: 0.1, test: isTested ? 0 : 0.1 }, seed);
  const test = [...parts.test, ...dealt.test];
  if (test.length === 0)
    throw new DataError(
      `${from}: qrels must leave a query to test on, got ${parts.training.length + parts.unsaid.length} queries, all of them for training or alike`,
    );
  const listed = [...parts.training, ...dealt.training];
  const held =
    parts.validation.length + dealt.validation.length > 0
      ? { validation: [...parts.validation, ...dealt.validation], training: listed }
      : splitQueries(listed, { validation: 0.1, test: 0 }, seed);
  const training = withoutTested(held.training, [...test, ...held.validation]);
  const random = new Random(seed);
  const set = (setName: string, description: string, queries: readonly JudgedQuery[]) => ({
    name: setName,
    description,
    queries: judgedQueries(queries, minGrade),
    judgedNegatives: queries.some(({ grades }) => Object.values(grades).some((grade) => grade < minGrade)),
  });
  return writeDataset(outDir, {
    documents,
    training: relevantPairs(training, byId, minGrade, random.fork("training")),
    validation: relevantPairs(held.validation, byId, minGrade, random.fork("validation")),
    evaluation: [
      set("test", isTested ? "the collection's test judgements" : "topics held out", test),
      set("validation", "topics held out for choices", held.validation),
    ].filter(({ queries }) => queries.length > 0),
    textColumns: ["query_search_phrase", "document_text"],
    categoryColumn: null,
    dictionarySizes: defaultDictionarySizes,
    cleaning: "unicode",
    counts: {
      topics: topics.size,
      trainingQueries: training.length,
      queriesDroppedAsTested: held.training.length - training.length,
      judgedDocumentsNotInPool: notInPool([...Object.values(parts).flat()], byId),
    },
    describe: {
      name,
      builder: { name: "trec", version: 1 },
      options: { seed, minGrade },
      sources: [
        { name: `TREC folder ${path.basename(path.resolve(from))}`, url: null, licence: "see the source" },
      ],
      licence: "see the source",
      splitRule:
        "Judgements of a file that names a part are of that part; other topics by near-duplicate group. No topic with the same words as one of test or validation is trained on.",
      notes: [],
      columns: {
        query: { query_search_phrase: "the topic's title, else its description" },
        document: { document_id: "docno", document_name: "title", document_text: "title and text" },
      },
    },
  });
}

function findFiles(from: string): Record<Kind, string[]> {
  if (!(statSync(from, { throwIfNoEntry: false })?.isDirectory() ?? false))
    throw new DataError(`${from}: must be a folder with topics, documents and qrels, got a file`);
  const found: Record<Kind, string[]> = { qrels: [], topics: [], documents: [] };
  for (const entry of readdirSync(from, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const kind = kindOf(entry.name);
    if (kind === null) continue;
    const file = path.join(from, entry.name);
    if (kind === "documents" || !entry.isDirectory()) found[kind].push(file);
    else
      found[kind].push(
        ...readdirSync(file)
          .filter((name) => !/^[._]/.test(name))
          .sort()
          .map((name) => path.join(file, name)),
      );
  }
  for (const [kind, words] of Object.entries(kinds))
    if (found[kind as Kind].length === 0)
      throw new DataError(
        `${from}: must hold ${kind} (a file or folder named ${words.join(", ")} …), got ${readdirSync(from).sort().slice(0, 8).join(", ") || "an empty folder"}`,
      );
  return found;
}

/** `qrels.robust2004.txt` → qrels, `trec-topics.xml` → topics; null for anything else. */
function kindOf(name: string): Kind | null {
  if (/^[._]/.test(name)) return null;
  const words = name.toLowerCase().split(/[^a-z]+/);
  for (const [kind, known] of Object.entries(kinds))
    if (words.some((word) => (known as readonly string[]).includes(word))) return kind as Kind;
  return null;
}

function joinTopics(qrels: Qrels, topics: ReadonlyMap<string, string>, file: string): JudgedQuery[] {
  // topic 051 is 51 in the qrels of some collections
  const byNumber = new Map([...topics].map(([id, text]) => [plainNumber(id), text]));
  return [...qrels].map(([id, judged]) => {
    const text = topics.get(id) ?? byNumber.get(plainNumber(id));
    if (text === undefined)
      throw new DataError(`${file}: topic "${id}" must be among the topics, found none`);
    const grades: Record<string, number> = emptyRecord();
    for (const [document, grade] of judged) grades[document] = grade;
    return { id, fields: { query_search_phrase: text }, grades };
  });
}

function plainNumber(id: string): string {
  return /^\d+$/.test(id) ? id.replace(/^0+(?=\d)/, "") : id;
}
