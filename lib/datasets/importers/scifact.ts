import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { unzipSync } from "fflate";
import { Random } from "../../engine/random/random.js";
import { DataError } from "../../files/data-error.js";
import { readCsv } from "../csv.js";
import {
  type JudgedQuery,
  judgedQueries,
  relevantPairs,
  splitQueries,
  withoutTested,
} from "../judged-split.js";
import type { DatasetManifest } from "../manifest.js";
import { pythonStrings } from "../python-strings.js";
import { type PinnedFile, readJudgingSources } from "../source-files.js";
import { type Qrels, readQrels } from "../trec.js";
import { defaultDictionarySizes, writeDataset } from "../write-dataset.js";
import type { ImportOptions } from "./msrd.js";

const claims =
  "https://raw.githubusercontent.com/sumithra-p-v/claimverifier/b42f1c3444b28884ddcfadffafbfe223646c6c37/data/scifact.zip";
const qrels =
  "https://raw.githubusercontent.com/moorateeahtashil/Information-Retrieval/00b74e83a48f52e6588946861a3bd6cfe9f7fede/scifact/qrels";

const scifactFiles: readonly PinnedFile[] = [
  {
    name: "scifact.zip",
    url: claims,
    sha256: "a798a7046af0f6fa04476448459ce7cafeea5bd90d4d99c53a0e27dc5e1a4673",
  },
  {
    name: "beir_qrels/train.tsv",
    url: `${qrels}/train.tsv`,
    sha256: "a53f2114831916c096b6c37d9e54da68cef4efdcdbd5ed46533601af972acf1d",
  },
  {
    name: "beir_qrels/test.tsv",
    url: `${qrels}/test.tsv`,
    sha256: "0864bb985e0ca2367ba217977e72004d549054b2b06666ed9d4825ac7c21284c",
  },
];

/** Files of the archive that are read. */
const scifactArchive = ["corpus_train.csv", "claims_train.csv", "claims_validation.csv"] as const;

/**
 * Imports SciFact with BEIR's judgements: 5,183 abstracts, 809 training and 300 test claims; a tenth of the training
 * claims, by near-duplicate group, is kept for validation.
 *
 * @throws DataError if a source is missing or differs from the pinned one
 */
export async function importScifact(options: ImportOptions): Promise<DatasetManifest> {
  const sources = await readJudgingSources(scifactFiles, options);
  const archive = unzipSync(sources.get("scifact.zip")!);
  const scratch = mkdtempSync(path.join(os.tmpdir(), "qdrl-scifact-"));
  try {
    for (const name of scifactArchive) {
      if (archive[name] === undefined)
        throw new DataError(`scifact.zip: archive must hold ${name}, found none`);
      writeFileSync(path.join(scratch, name), archive[name]);
    }
    for (const part of ["train", "test"])
      writeFileSync(path.join(scratch, `${part}.tsv`), sources.get(`beir_qrels/${part}.tsv`)!);
    return await writeScifact(scratch, options);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** {@link importScifact} from a folder with the unpacked files. */
export async function writeScifact(
  folder: string,
  { outDir, seed = 42 }: Pick<ImportOptions, "outDir" | "seed">,
): Promise<DatasetManifest> {
  const documents = readAbstracts(path.join(folder, "corpus_train.csv"));
  const byId = new Map(documents.map((document) => [document["document_id"]!, document]));
  const judged = (claimsFile: string, qrelsFile: string) =>
    judgedClaims(
      readClaims(path.join(folder, claimsFile)),
      readQrels(path.join(folder, qrelsFile)),
      qrelsFile,
    );
  const all = judged("claims_train.csv", "train.tsv");
  const test = judged("claims_validation.csv", "test.tsv");
  const kept = withoutTested(all, test);
  const split = splitQueries(kept, { test: 0, validation: 0.1 }, seed);
  const random = new Random(seed);
  return writeDataset(outDir, {
    documents,
    training: relevantPairs(split.training, byId, 1, random.fork("training")),
    validation: relevantPairs(split.validation, byId, 1, random.fork("validation")),
    evaluation: [
      {
        name: "test",
        description: "BEIR's test claims",
        queries: judgedQueries(test, 1),
        judgedNegatives: false,
      },
      {
        name: "validation",
        description: "a tenth of BEIR's training claims, for choices made before the test",
        queries: judgedQueries(split.validation, 1),
        judgedNegatives: false,
      },
    ],
    textColumns: ["query_search_phrase", "document_text"],
    categoryColumn: null,
    dictionarySizes: defaultDictionarySizes,
    cleaning: "published",
    counts: {
      beirTrainingClaims: all.length,
      claimsDroppedAsTested: all.length - kept.length,
      trainingClaims: split.training.length,
    },
    describe: describe(seed),
  });
}

function readAbstracts(file: string): Record<string, string>[] {
  const { columns } = readCsv(file, ["doc_id", "title", "abstract"], { maxMalformed: 0 });
  return columns["doc_id"]!.map((id, row) => {
    const title = columns["title"]![row]!;
    const abstract = pythonStrings(columns["abstract"]![row]!)
      .map((sentence) => sentence.trim())
      .join(" ");
    return { document_id: id, document_name: title, document_text: `${title} ${abstract}`.trim() };
  });
}

/** The claims by id; a claim has a line per piece of evidence. */
function readClaims(file: string): Map<string, string> {
  const { columns } = readCsv(file, ["id", "claim"], { maxMalformed: 0 });
  return new Map(columns["id"]!.map((id, row) => [id, columns["claim"]![row]!]));
}

function judgedClaims(
  texts: ReadonlyMap<string, string>,
  judgements: Qrels,
  qrelsFile: string,
): JudgedQuery[] {
  return [...judgements].map(([id, grades]) => {
    const claim = texts.get(id);
    if (claim === undefined)
      throw new DataError(`${qrelsFile}: query ${id} must be among the claims, found none`);
    return { id, fields: { query_search_phrase: claim }, grades: Object.fromEntries(grades) };
  });
}

function describe(seed: number) {
  return {
    name: "scifact",
    builder: { name: "scifact", version: 1 },
    options: { seed },
    sources: [
      {
        name: "SciFact (claims and abstracts)",
        url: claims,
        licence: "CC-BY-4.0 (claims), ODC-By-1.0 (abstracts)",
      },
      { name: "BEIR judgements of SciFact", url: qrels, licence: "CC-BY-SA-4.0" },
    ],
    licence: "CC-BY-4.0 (claims), ODC-By-1.0 (abstracts)",
    splitRule:
      "Test is BEIR's. A tenth of BEIR's training claims is validation, by groups of near-duplicates (word sets of Jaccard similarity 0.8 or more).",
    notes: [
      "Abstracts are published as printed NumPy arrays of sentences; the sentences are joined by a blank.",
    ],
    columns: {
      query: { query_search_phrase: "claim" },
      document: { document_id: "S2ORC id", document_name: "title", document_text: "title and abstract" },
    },
  };
}
