import fs from "node:fs";
import path from "node:path";
import type { Listener } from "../../engine/progress.js";
import { ensureThesisDataset, smallDataset, thesisDatasets } from "../thesis/datasets.js";

/** A figure that somebody else published for a data set. */
export interface PublishedFigure {
  system: string;
  measure: string;
  value: number;
  source: string;
  /** The system of ours that should give the same. */
  ours?: string;
}

/** A data set that lexical, dense and fused search are compared on. */
export interface EvidenceSet {
  name: string;
  dir: string;
  /** How to get it; null where it is built on the spot. */
  obtain: string | null;
  /** Evaluation sets reported on, and the one that fusion weights are chosen on; null: reciprocal ranks alone, which have none. */
  sets: readonly string[];
  validation: string | null;
  /** Columns that BM25 searches. */
  documentText: readonly string[];
  /** How the dense system comes about: a trained encoder, or a pretrained transformer as it is. */
  dense:
    | {
        kind: "trained";
        name: string;
        config: string;
        overrides: readonly string[];
        seeds: readonly number[];
      }
    | { kind: "pretrained"; name: string; modelDir: string };
  published: readonly PublishedFigure[];
}

const beir = "Thakur et al. 2021, arXiv:2104.08663, table 2";
const pyserini = "castorini.github.io/pyserini/2cr/beir.html";
const grams = ["typos=null"];
const films = ["name", "director", "genres", "year", "cast", "characters", "tags"].map(
  (c) => `document_${c}`,
);
const nDCG = (system: string, value: number, source: string, ours?: string): PublishedFigure => ({
  ...{ system, measure: "nDCG@10", value, source },
  ...(ours === undefined ? {} : { ours }),
});

export const LUCENE = "BM25, Lucene";

export const evidenceSets: readonly EvidenceSet[] = [
  {
    name: "SciFact",
    dir: "data/scifact",
    obtain: "npm run qdrl -- data import scifact; npm run qdrl -- model import all-MiniLM-L6-v2",
    sets: ["test"],
    validation: "validation",
    documentText: ["document_text"],
    dense: { kind: "pretrained", name: "MiniLM, zero-shot", modelDir: "data/models/all-MiniLM-L6-v2" },
    published: [
      nDCG("BM25, title and abstract as one field", 0.679, pyserini, LUCENE),
      { ...nDCG("BM25, the same", 0.925, pyserini, LUCENE), measure: "Recall@100" },
      nDCG("all-MiniLM-L6-v2", 0.645, "MTEB", "MiniLM, zero-shot"),
      nDCG("BM25, two fields", 0.665, beir),
      nDCG("DPR", 0.318, beir),
      nDCG("ANCE", 0.507, beir),
      nDCG("TAS-B", 0.643, beir),
      nDCG("ColBERT", 0.671, beir),
      nDCG("BM25, then a cross-encoder", 0.688, beir),
    ],
  },
  {
    name: "MSRD",
    dir: "data/msrd",
    obtain: "npm run qdrl -- data import msrd",
    sets: ["test"],
    validation: "validation",
    documentText: films,
    dense: {
      ...{ kind: "trained", name: "2–4-gram bag", config: "configs/recipes/robust-labels.yaml" },
      overrides: grams,
      seeds: [1, 2, 3],
    },
    published: [],
  },
  {
    name: "Chorus",
    dir: "data/chorus",
    obtain: "npm run qdrl -- data import chorus",
    sets: ["rated"],
    validation: null,
    documentText: ["document_text"],
    dense: {
      ...{ kind: "trained", name: "2–4-gram bag", config: "configs/recipes/robust-labels.yaml" },
      overrides: [
        ...grams,
        "num_epochs=3",
        "dataset.document_features=[{name: document_text, type: text}]",
        "model.document.text_feature=document_text",
        "model.text_embedding.num_embeddings=150000",
      ],
      seeds: [1, 2, 3],
    },
    published: [],
  },
  {
    name: "emoji",
    dir: "data/emoji",
    obtain: null,
    sets: ["phrases", "annotators"],
    validation: null,
    documentText: ["document_name"],
    dense: {
      ...{ kind: "trained", name: "two towers, words", config: "configs/emoji/baseline.yaml" },
      overrides: [],
      seeds: [1, 2, 3],
    },
    published: [],
  },
];

/** Three hundred emoji, one seed, two epochs: a look at the tables in seconds; its numbers say nothing. */
export const smallEvidence: EvidenceSet = {
  ...evidenceSets[evidenceSets.length - 1]!,
  name: "emoji (300)",
  dir: smallDataset.dir,
  dense: {
    ...{ kind: "trained", name: "two towers, words", config: "configs/emoji/baseline.yaml" },
    ...{ overrides: ["num_epochs=2"], seeds: [1] },
  },
};

/** Whether the data (and the pretrained model, if one is used) are there, built if they can be; if not, says how to get them. */
export async function ensureEvidence(set: EvidenceSet, listener: Listener): Promise<boolean> {
  if (set.obtain === null)
    return ensureThesisDataset(set === smallEvidence ? smallDataset : thesisDatasets[0]!, listener);
  const needed = [path.join(set.dir, "manifest.json")];
  if (set.dense.kind === "pretrained") needed.push(set.dense.modelDir);
  const isThere = needed.every((file) => fs.existsSync(file));
  if (!isThere) listener.line?.(`${set.name}: not in data/, left out; get it with: ${set.obtain}`);
  return isThere;
}
