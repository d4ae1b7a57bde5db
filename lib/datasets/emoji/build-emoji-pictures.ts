import { existsSync } from "node:fs";
import path from "node:path";
import { Random } from "../../engine/random/random.js";
import { UserError } from "../../files/user-error.js";
import type { DatasetManifest } from "../manifest.js";
import type { EvaluationQuery } from "../queries.js";
import { defaultDictionarySizes, writeDataset } from "../write-dataset.js";
import { type EmojiDocument, emojiDocuments } from "./documents.js";
import { openEmojiSources } from "./sources.js";

export interface EmojiPicturesOptions {
  outDir: string;
  /** Emoji kept out of training. Default 300. */
  heldOut?: number;
  /** Default 42. */
  seed?: number;
  /** Default node_modules. */
  packages?: string;
}

/** OpenMoji's line drawings, beside its coloured ones. */
const outlineFolder = "openmoji/black/svg";

/**
 * Emoji searched by pictures: a training row is an emoji's coloured picture and the emoji itself. Two evaluations on emoji
 * kept out of training: their outline drawings (to be matched with coloured pictures), and their coloured pictures (to
 * be matched with names). All emoji are candidates.
 *
 * @throws RangeError if heldOut leaves no emoji to train on
 */
export async function buildEmojiPictures(options: EmojiPicturesOptions): Promise<DatasetManifest> {
  const { outDir, heldOut = 300, seed = 42, packages = "node_modules" } = options;
  const sources = openEmojiSources(packages);
  const all = emojiDocuments(sources, packages, "en", sources.readLocale("en"), null).documents;
  const documents = all.filter((document) => document.document_picture !== "");
  if (!Number.isInteger(heldOut) || heldOut < 1 || heldOut >= documents.length)
    throw new UserError(
      `buildEmojiPictures: heldOut must be an integer from 1 to ${documents.length - 1}, got ${heldOut}`,
    );
  const shuffled = new Random(seed).shuffle([...documents]);
  const tested = shuffled.slice(0, heldOut);
  const trained = shuffled.slice(heldOut);
  const outlineOf = ({ document_picture: picture }: EmojiDocument) =>
    path.posix.join(packages, outlineFolder, path.posix.basename(picture));
  const outlined = tested.filter((document) => existsSync(outlineOf(document)));
  return writeDataset(outDir, {
    documents: documents.map((document) => ({ ...document })),
    training: rows(trained),
    validation: rows(tested),
    evaluation: [
      {
        name: "outlines",
        description: "outline drawings of emoji kept out of training; slices: group",
        queries: outlined.map((document) => query("outline", document, outlineOf(document))),
        judgedNegatives: false,
      },
      {
        name: "pictures",
        description: "coloured pictures of emoji kept out of training (for documents without pictures)",
        queries: tested.map((document) => query("picture", document, document.document_picture)),
        judgedNegatives: false,
      },
    ],
    textColumns: ["document_name"],
    categoryColumn: "document_category_id",
    dictionarySizes: defaultDictionarySizes,
    cleaning: "published",
    counts: { heldOut, withoutOutline: heldOut - outlined.length },
    describe: {
      name: "emoji-pictures",
      builder: { name: "emoji-pictures", version: 1 },
      options: { heldOut, seed, packages },
      sources: [{ name: "OpenMoji, CLDR names", url: "https://openmoji.org", licence: "CC-BY-SA-4.0" }],
      licence: "CC-BY-SA-4.0 (pictures and groups from OpenMoji; names Unicode-3.0)",
      splitRule: "By emoji: those searched for in the evaluation are in no training row.",
      notes: ["Every row's query is the emoji's own picture: two views differ by augmentation only."],
      columns: {
        query: { query_picture: "SVG file from the workspace root" },
        document: { document_name: "CLDR short name", document_picture: "SVG file from the workspace root" },
      },
    },
  });
}

function rows(documents: readonly EmojiDocument[]): Record<string, string[]> {
  const columns: Record<string, string[]> = {
    query_picture: documents.map(({ document_picture }) => document_picture),
  };
  for (const name of Object.keys(documents[0]!) as (keyof EmojiDocument)[])
    columns[name] = documents.map((document) => document[name]);
  return columns;
}

function query(kind: string, document: EmojiDocument, picture: string): EvaluationQuery {
  return {
    id: `${kind}-${document.document_id}`,
    fields: { query_picture: picture },
    relevantIds: [document.document_id],
    slice: document.document_group,
  };
}
