import path from "node:path";
import { decodeDefaults, decodePicture } from "../../datasets/images/decode-picture.js";
import { pictureBytes } from "../../datasets/images/picture-bytes.js";
import { readItems } from "../../datasets/items.js";
import { evaluationFilesOf, openDataset } from "../../datasets/open-dataset.js";
import { readQueries } from "../../datasets/queries.js";
import { readTrainingRows } from "../../datasets/training-rows.js";
import { Random } from "../../engine/random/random.js";
import { augmentPicture } from "../../features/augment-picture.js";
import { makeFolder } from "../../files/make-folder.js";
import { UserError } from "../../files/user-error.js";
import { cleanPhrase } from "../../tokenizer/clean-phrase.js";
import { cutRegions, regionFeatureDim } from "./cut-regions.js";
import { writeAnswers } from "./files/prediction-files.js";
import { type TaskRow, writeClassNames, writeTaskRows } from "./files/task-rows.js";

export interface GenerateOptions {
  datasetDir: string;
  outDir: string;
  seed: number;
  documents: number;
  variants: number;
  trainRows: number;
  queries: number;
  candidates: number;
}

interface Source {
  id: string;
  group: number;
  pixels: Uint8Array;
}

type Answered = { query: string; relevant: readonly string[] };

/** Pixels of a product picture while regions are cut from it. */
const SIZE = 64;

/**
 * Writes task files from the emoji data set: a product is a changed picture of an emoji (crop, colour, blur), its regions
 * are cut from a grid with simple colour features, queries are the data set's phrases, each with all products of its
 * emoji. Validation and test queries are held-out phrases; their candidates are products that training does not have.
 *
 * @returns numbers of rows and queries
 */
export async function generateTask(options: GenerateOptions): Promise<Record<string, number>> {
  const { datasetDir, outDir, seed, queries: perSet } = options;
  const random = new Random(seed);
  const dataset = openDataset(datasetDir, { verify: "size" });
  const { itemsPath, queriesPath } = evaluationFilesOf(dataset);
  const { items } = await readItems(itemsPath);
  const withPicture = items.filter((item) => (item["document_picture"] ?? "") !== "");
  const chosen = random.fork("documents").shuffle(withPicture).slice(0, options.documents);
  const groups = [...new Set(items.map((item) => item["document_group"] ?? ""))].sort();
  const sources = new Map<string, Source>();
  for (const item of chosen) {
    const bytes = pictureBytes(item["document_picture"]!, { folders: [datasetDir, "."], downloads: null });
    sources.set(item["document_id"]!, {
      id: item["document_id"]!,
      group: groups.indexOf(item["document_group"] ?? ""),
      pixels: await decodePicture(bytes, item["document_picture"]!, { ...decodeDefaults, size: SIZE }),
    });
  }
  const maker = new ProductMaker(random.fork("products"));
  const train = await trainingRows(options, sources, maker, random.fork("rows"));
  const read = await readQueries(queriesPath, { columns: ["query_search_phrase"] });
  const answered: Answered[] = read.queries
    .map(({ fields, relevantIds }) => ({
      query: cleanPhrase(fields["query_search_phrase"] ?? ""),
      relevant: relevantIds.filter((id) => sources.has(id)),
    }))
    .filter(({ query, relevant }) => query !== "" && relevant.length > 0);
  if (answered.length < 3 * perSet)
    throw new UserError(
      `generateTask: ${datasetDir} must have ${3 * perSet} held-out queries about ${options.documents} documents, got ${answered.length}; take more documents or fewer queries`,
    );
  random.fork("queries").shuffle(answered);
  makeFolder(outDir);
  ["valid", "testA", "testB"].forEach((name, part) => {
    const some = answered.slice(part * perSet, (part + 1) * perSet);
    writeSet(
      outDir,
      name,
      some,
      1_000_000 * (part + 1),
      options.candidates,
      sources,
      maker,
      random.fork(name),
    );
  });
  writeTaskRows(path.join(outDir, "train.tsv"), train);
  writeClassNames(path.join(outDir, "multimodal_labels.txt"), new Map(groups.map((name, id) => [id, name])));
  return {
    trainRows: train.length,
    queriesPerSet: perSet,
    documents: sources.size,
    featureDim: regionFeatureDim,
  };
}

/** Draws changed pictures and numbers the products. */
class ProductMaker {
  private next = 500_000_000;

  constructor(private readonly random: Random) {}

  make(source: Source): Omit<TaskRow, "query" | "queryId"> {
    const changed = augmentPicture(
      source.pixels,
      SIZE,
      { flip: 0, crop: 0.85, colour: 0.15, blur: 0.2 },
      this.random,
    );
    const regions = cutRegions(changed, SIZE, this.random);
    const classLabels = new Array<number>(regions.boxes.length / 4).fill(source.group);
    return { productId: String(this.next++), height: SIZE, width: SIZE, ...regions, classLabels };
  }
}

async function trainingRows(
  { datasetDir, variants, trainRows }: GenerateOptions,
  sources: ReadonlyMap<string, Source>,
  maker: ProductMaker,
  random: Random,
): Promise<TaskRow[]> {
  const { columns } = await readTrainingRows(datasetDir, "training", ["query_search_phrase", "document_id"]);
  const pairs = columns["query_search_phrase"]!.map((query, row) => ({
    query: cleanPhrase(query),
    id: columns["document_id"]![row]!,
  })).filter(({ query, id }) => query !== "" && sources.has(id));
  random.shuffle(pairs);
  const products = new Map<string, Omit<TaskRow, "query" | "queryId">[]>();
  const queryIds = new Map<string, number>();
  const rows = pairs.slice(0, Math.ceil(trainRows / variants)).flatMap(({ query, id }) => {
    const made = products.get(id) ?? Array.from({ length: variants }, () => maker.make(sources.get(id)!));
    products.set(id, made);
    if (!queryIds.has(query)) queryIds.set(query, queryIds.size + 1);
    return made.map((product) => ({ ...product, query, queryId: String(queryIds.get(query)) }));
  });
  return random.shuffle(rows).slice(0, trainRows);
}

function writeSet(
  outDir: string,
  name: string,
  answered: readonly Answered[],
  firstId: number,
  candidates: number,
  sources: ReadonlyMap<string, Source>,
  maker: ProductMaker,
  random: Random,
): void {
  const ids = [...sources.keys()];
  const rows: TaskRow[] = [];
  const answers = new Map<string, string[]>();
  answered.forEach(({ query, relevant }, i) => {
    const queryId = String(firstId + i);
    const shown = new Set(relevant.slice(0, candidates - 1));
    const right = shown.size;
    while (shown.size < Math.min(candidates, ids.length)) {
      const id = ids[random.int(ids.length)]!;
      if (!relevant.includes(id)) shown.add(id);
    }
    const made = [...shown].map((id) => maker.make(sources.get(id)!));
    answers.set(
      queryId,
      made.slice(0, right).map(({ productId }) => productId),
    );
    rows.push(...random.shuffle(made).map((product) => ({ ...product, query, queryId })));
  });
  writeTaskRows(path.join(outDir, `${name}.tsv`), rows);
  writeAnswers(path.join(outDir, `${name}_answer.json`), answers);
}
