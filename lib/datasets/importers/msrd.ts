import { Random } from "../../engine/random/random.js";
import { DataError } from "../../files/data-error.js";
import { gunzip } from "../../files/inflate.js";
import { type JudgedQuery, judgedQueries, relevantPairs, splitQueries } from "../judged-split.js";
import type { DatasetManifest } from "../manifest.js";
import { type PinnedFile, readJudgingSources, type SourceOptions } from "../source-files.js";
import { defaultDictionarySizes, writeDataset } from "../write-dataset.js";

const base =
  "https://raw.githubusercontent.com/elastic/elasticsearch-labs/77567655e8343607538e2ef203b4c0b322526d93/notebooks/search/sample_data/learning-to-rank";

const msrdFiles: readonly PinnedFile[] = [
  {
    name: "movies-corpus.jsonl.gz",
    url: `${base}/movies-corpus.jsonl.gz`,
    sha256: "e7dbd5a64fd4ec15d9224795eda8d833fa12da871620ea661a36cca6eefabb00",
  },
  {
    name: "movies-judgments.tsv.gz",
    url: `${base}/movies-judgments.tsv.gz`,
    sha256: "38f64a511f48192fb2eeea02b54ca0420876a611072e57c1ab773adddc84ce3e",
  },
];

export interface ImportOptions extends SourceOptions {
  outDir: string;
  /** Of the split and of the row order. Default 42. */
  seed?: number;
}

interface Film {
  id: string;
  title: string;
  overview: string;
  tags: string[];
  genres: string[];
  director: string;
  actors: string[];
  characters: string[];
  year: number;
}

/**
 * Imports MSRD: 9,750 films and 16,279 searches with human labels; 80/10/10 split by groups of near-duplicate queries.
 *
 * @throws DataError if a source is missing or differs from the pinned one
 */
export async function importMsrd(options: ImportOptions): Promise<DatasetManifest> {
  const sources = await readJudgingSources(msrdFiles, options);
  const corpus = gunzip(sources.get("movies-corpus.jsonl.gz")!, "movies-corpus.jsonl.gz").toString("utf8");
  const judgements = gunzip(sources.get("movies-judgments.tsv.gz")!, "movies-judgments.tsv.gz").toString(
    "utf8",
  );
  return writeMsrd(corpus, judgements, options);
}

/** {@link importMsrd} from the texts of the two files. */
export async function writeMsrd(
  corpus: string,
  judgements: string,
  { outDir, seed = 42 }: Pick<ImportOptions, "outDir" | "seed">,
): Promise<DatasetManifest> {
  const documents = corpus
    .trimEnd()
    .split("\n")
    .map((line) => filmDocument(JSON.parse(line)));
  const byId = new Map(documents.map((document) => [document["document_id"]!, document]));
  const queries = parseJudgements(judgements);
  const split = splitQueries(queries, { validation: 0.1, test: 0.1 }, seed);
  const random = new Random(seed);
  const grades = queries.flatMap((query) => Object.entries(query.grades));
  return writeDataset(outDir, {
    documents,
    training: relevantPairs(split.training, byId, 1, random.fork("training")),
    validation: relevantPairs(split.validation, byId, 1, random.fork("validation")),
    evaluation: [
      evaluationPart("test", "a tenth of the searches, never trained on", split.test),
      evaluationPart("validation", "another tenth, for choices made before the test", split.validation),
    ],
    textColumns: ["query_search_phrase", "document_text"],
    categoryColumn: "document_category_id",
    dictionarySizes: defaultDictionarySizes,
    cleaning: "published",
    counts: {
      queries: queries.length,
      trainingQueries: split.training.length,
      nearDuplicateGroups: split.groups,
      judgements: grades.length,
      positiveJudgements: grades.filter(([, grade]) => grade > 0).length,
      judgedDocumentsNotInPool: new Set(grades.filter(([id]) => !byId.has(id)).map(([id]) => id)).size,
    },
    describe: describe(seed),
  });
}

function evaluationPart(name: string, description: string, queries: readonly JudgedQuery[]) {
  return { name, description, queries: judgedQueries(queries, 1), judgedNegatives: true };
}

function filmDocument(film: Film): Record<string, string> {
  const genres = film.genres.map((genre) => genre.toLowerCase()).filter((genre) => !genre.startsWith("("));
  return {
    document_id: film.id,
    document_name: film.title,
    document_category_id: genres[0] ?? "",
    document_text: `${film.title} ${film.overview}`.trim(),
    document_overview: film.overview,
    document_genres: genres.join(", "),
    document_director: film.director,
    document_year: film.year > 0 ? String(film.year) : "",
    document_cast: film.actors.join(", "),
    document_characters: film.characters.join(", "),
    document_tags: film.tags.join(", "),
  };
}

function parseJudgements(text: string): JudgedQuery[] {
  const queries = new Map<string, JudgedQuery>();
  const lines = text.trimEnd().split("\n");
  for (let i = 1; i < lines.length; i++) {
    const [id, phrase, documentId, grade] = lines[i]!.split("\t");
    if (grade === undefined || !Number.isFinite(Number(grade)))
      throw new DataError(
        `movies-judgments.tsv:${i + 1}: line must have query id, query, document id and grade, got "${lines[i]}"`,
      );
    const query = queries.get(id!) ?? {
      id: id!.replace(/^qid:/, ""),
      fields: { query_search_phrase: phrase! },
      grades: {},
    };
    query.grades[documentId!] = Number(grade);
    queries.set(id!, query);
  }
  return [...queries.values()];
}

function describe(seed: number) {
  return {
    name: "msrd",
    builder: { name: "msrd", version: 1 },
    options: { seed },
    sources: [
      {
        name: "MSRD (Movie Search Ranking Dataset), as adapted by Elastic",
        url: msrdFiles[0]!.url,
        licence: "CC-BY-SA-4.0",
      },
      { name: "MSRD, original", url: "https://github.com/metarank/msrd", licence: "CC-BY-SA-4.0" },
    ],
    licence: "CC-BY-SA-4.0",
    splitRule:
      "80/10/10 by query; queries with the same cleaned text or word sets of Jaccard similarity 0.8 or more, transitively, are on one side.",
    notes: [
      "Labels were asked for BM25's top 24 over all fields only: an unjudged film is not known to be irrelevant. `grades` holds all judged films, so that scores over judged films alone are possible.",
      "Genres come in two vocabularies (MovieLens and TMDB); they are in lower case here, otherwise as they are.",
      "Every search has a relevant film. One judged film is not in the corpus and can never be found.",
    ],
    columns: {
      query: { query_search_phrase: "search" },
      document: {
        document_id: "TMDB id",
        document_name: "title",
        document_category_id: "first genre, empty for 100 films",
        document_text: "title and overview",
        document_overview: "overview",
        document_genres: "genres, with commas",
        document_director: "director",
        document_year: "year of release",
        document_cast: "actors, with commas",
        document_characters: "characters, with commas",
        document_tags: "tags, with commas",
      },
    },
  };
}
