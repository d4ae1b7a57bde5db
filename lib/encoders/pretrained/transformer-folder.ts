import fs from "node:fs";
import path from "node:path";
import { atomicWriteFile } from "../../files/atomic-write.js";
import { makeFolder } from "../../files/make-folder.js";
import { ownEntry } from "../../files/own-entry.js";
import { readTensorFile, type StoredTensor, writeTensorFile } from "../../files/safetensors.js";
import { UserError } from "../../files/user-error.js";
import {
  checkAddedTokens,
  formatVocabulary,
  tokenizerFromJson,
  tokenizerFromVocabulary,
} from "../../tokenizer/wordpiece/read-vocabulary.js";
import type { WordPieceTokenizer } from "../../tokenizer/wordpiece/wordpiece-tokenizer.js";
import { parameterShapes, type TransformerArchitecture } from "../transformer/architecture.js";
import { type Pooling, poolings } from "../transformer/pooling.js";
import { architectureFrom, configFrom } from "./bert-config.js";

/** A transformer as it lies in a folder of Hugging Face's layout, with how sentence-transformers would use it. */
export interface PretrainedTransformer {
  architecture: TransformerArchitecture;
  pooling: Pooling;
  normalize: boolean;
  /** tokens per text, special ones included */
  maxLength: number;
  tokenizer: WordPieceTokenizer;
  /** by Hugging Face's names */
  weights: Record<string, StoredTensor>;
  /** names in the file that this architecture has no place for (an unused pooler, position ids, other heads) */
  leftOut: string[];
}

const OWN_SETTINGS = "qdrl.json";

/**
 * Reads `config.json`, `model.safetensors`, `tokenizer.json` or `vocab.txt`, and, if there, sentence-transformers'
 * `modules.json` with its pooling (default mean, not normalised, all positions). A prefix "bert." of names and the old
 * names gamma and beta are understood.
 *
 * @param options.pooler  with the pooler's parameters, whatever pooling the folder names
 * @throws RangeError naming the file and what does not fit: another architecture, or every parameter that is missing or
 *   of another shape
 */
export function readTransformerFolder(
  dir: string,
  options: { pooler?: boolean } = {},
): PretrainedTransformer {
  const architecture = readArchitecture(dir);
  const file = path.join(dir, "model.safetensors");
  if (!fs.existsSync(file))
    throw new UserError(
      `${file}: must exist, got ${fs.existsSync(dir) ? fs.readdirSync(dir).join(", ") : "no such folder"}; weights in pytorch_model.bin must be saved as safetensors first`,
    );
  const stored = renamed(readTensorFile(file, { sealed: false }).tensors);
  const settings = usage(dir, architecture);
  const weights: Record<string, StoredTensor> = {};
  const misfits: string[] = [];
  for (const [name, shape] of parameterShapes(
    architecture,
    options.pooler ?? settings.pooling === "pooler",
  )) {
    const tensor = stored[name];
    if (!tensor) misfits.push(`${name} [${shape.join(", ")}] is missing`);
    else if (tensor.shape.join() !== shape.join())
      misfits.push(`${name} must be [${shape.join(", ")}], got [${tensor.shape.join(", ")}]`);
    else if (tensor.data.some((value) => !Number.isFinite(value)))
      misfits.push(
        `${name} must hold finite numbers, got ${tensor.data.find((value) => !Number.isFinite(value))}`,
      );
    else weights[name] = tensor;
  }
  if (misfits.length > 0) throw new UserError(`${file}: must fit config.json; ${misfits.join("; ")}`);
  checkPrompt(dir);
  const tokenizer = readTokenizer(dir);
  if (tokenizer.size > architecture.vocabSize)
    throw new UserError(
      `${dir}: vocabulary must fit the word table of ${architecture.vocabSize} rows, got ${tokenizer.size} tokens`,
    );
  const leftOut = Object.keys(stored).filter((name) => !(name in weights));
  return { architecture, ...settings, tokenizer, weights, leftOut };
}

/** The architecture of a folder alone. @throws RangeError if config.json cannot be read or is of another model */
export function readArchitecture(dir: string): TransformerArchitecture {
  const file = path.join(dir, "config.json");
  return architectureFrom(readJson(file), file);
}

/** The tokenizer of a folder alone. @throws RangeError if there is neither tokenizer.json nor vocab.txt */
export function readTokenizer(dir: string): WordPieceTokenizer {
  const json = path.join(dir, "tokenizer.json");
  if (fs.existsSync(json)) return tokenizerFromJson(readJson(json));
  const vocabulary = path.join(dir, "vocab.txt");
  if (!fs.existsSync(vocabulary))
    throw new UserError(`${dir}: must hold tokenizer.json or vocab.txt, got neither`);
  const options = path.join(dir, "tokenizer_config.json");
  const config = fs.existsSync(options) ? readJson(options) : {};
  const tokenizer = tokenizerFromVocabulary(fs.readFileSync(vocabulary, "utf8"), {
    lowercase: (config["do_lower_case"] as boolean | undefined) ?? true,
    stripAccents: (config["strip_accents"] as boolean | null | undefined) ?? null,
    splitChinese: (config["tokenize_chinese_chars"] as boolean | undefined) ?? true,
  });
  const added = path.join(dir, "added_tokens.json");
  if (fs.existsSync(added)) checkAddedTokens(added, tokenizer.vocabulary, Object.entries(readJson(added)));
  return tokenizer;
}

/** sentence-transformers puts its default prompt before every text; this workspace puts none there. */
function checkPrompt(dir: string): void {
  const file = path.join(dir, "config_sentence_transformers.json");
  if (!fs.existsSync(file)) return;
  const { default_prompt_name: name, prompts } = readJson(file) as {
    default_prompt_name?: string | null;
    prompts?: Record<string, string>;
  };
  const prompt = name == null ? "" : (ownEntry(prompts, name) ?? "");
  if (prompt !== "")
    throw new UserError(
      `${file}: default_prompt_name must be null, as texts are read without prompts, got "${name}" (${JSON.stringify(prompt)})`,
    );
}

/**
 * Writes a folder that {@link readTransformerFolder}, transformers and sentence-transformers read. Poolings that
 * sentence-transformers does not have (pooler, gem) are only in qdrl.json, which this workspace looks at first.
 */
export function writeTransformerFolder(
  dir: string,
  model: Omit<PretrainedTransformer, "leftOut" | "weights"> & { weights: Record<string, StoredTensor> },
): void {
  const { architecture, pooling, normalize, maxLength, tokenizer, weights } = model;
  const json = (name: string, value: unknown) =>
    atomicWriteFile(path.join(dir, name), `${JSON.stringify(value, null, 2)}\n`);
  makeFolder(dir);
  writeTensorFile(path.join(dir, "model.safetensors"), weights, { format: "pt" });
  json("config.json", configFrom(architecture, tokenizer.padId));
  atomicWriteFile(path.join(dir, "vocab.txt"), formatVocabulary(tokenizer));
  const {
    lowercase,
    stripAccents,
    splitChinese,
    unknownToken,
    startToken,
    endToken,
    paddingToken,
    maskToken,
  } = tokenizer.settings;
  json("tokenizer_config.json", {
    tokenizer_class: "BertTokenizer",
    do_lower_case: lowercase,
    strip_accents: stripAccents,
    tokenize_chinese_chars: splitChinese,
    model_max_length: maxLength,
    unk_token: unknownToken,
    cls_token: startToken,
    sep_token: endToken,
    pad_token: paddingToken,
    mask_token: maskToken,
  });
  json(OWN_SETTINGS, { pooling, normalize, maxLength });
  if (!(pooling in sentencePoolings)) return;
  const modules = [
    { idx: 0, name: "0", path: "", type: "sentence_transformers.models.Transformer" },
    { idx: 1, name: "1", path: "1_Pooling", type: "sentence_transformers.models.Pooling" },
  ];
  if (normalize)
    modules.push({ idx: 2, name: "2", path: "2_Normalize", type: "sentence_transformers.models.Normalize" });
  json("modules.json", modules);
  json("sentence_bert_config.json", { max_seq_length: maxLength, do_lower_case: false });
  json("1_Pooling/config.json", {
    word_embedding_dimension: architecture.hiddenSize,
    ...Object.fromEntries(Object.entries(sentencePoolings).map(([kind, key]) => [key, kind === pooling])),
    pooling_mode_mean_sqrt_len_tokens: false,
  });
  if (normalize) makeFolder(path.join(dir, "2_Normalize"));
}

const sentencePoolings: Partial<Record<Pooling, string>> = {
  cls: "pooling_mode_cls_token",
  mean: "pooling_mode_mean_tokens",
  max: "pooling_mode_max_tokens",
};

/** How the folder says that embeddings are made. */
function usage(
  dir: string,
  architecture: TransformerArchitecture,
): Pick<PretrainedTransformer, "pooling" | "normalize" | "maxLength"> {
  const found = (name: string) => {
    const file = path.join(dir, name);
    return fs.existsSync(file) ? readJson(file) : null;
  };
  const limit = architecture.maxPositionEmbeddings;
  const own = found(OWN_SETTINGS);
  if (own) {
    if (!poolings.includes(own["pooling"] as Pooling))
      throw new UserError(
        `${path.join(dir, OWN_SETTINGS)}: unknown pooling "${own["pooling"]}"; known: ${poolings.join(", ")}`,
      );
    return {
      pooling: own["pooling"] as Pooling,
      normalize: own["normalize"] === true,
      maxLength: Math.min(limit, Number(own["maxLength"] ?? limit)),
    };
  }
  const modules = found("modules.json") as { type: string; path: string }[] | null;
  const maxLength = Math.min(limit, Number(found("sentence_bert_config.json")?.["max_seq_length"] ?? limit));
  if (!modules) return { pooling: "mean", normalize: false, maxLength };
  const known = /\.(Transformer|Pooling|Normalize)$/;
  const strange = modules.find((module) => !known.test(module.type));
  if (strange)
    throw new UserError(
      `${path.join(dir, "modules.json")}: modules must be Transformer, Pooling, Normalize, got ${strange.type}`,
    );
  const file = path.join(
    modules.find((module) => module.type.endsWith("Pooling"))?.path ?? "",
    "config.json",
  );
  const modes = found(file) ?? { pooling_mode_mean_tokens: true };
  const on = Object.keys(modes).filter((key) => key.startsWith("pooling_mode") && modes[key] === true);
  const pooling = (Object.keys(sentencePoolings) as Pooling[]).find(
    (kind) => sentencePoolings[kind] === on[0],
  );
  if (on.length !== 1 || !pooling)
    throw new UserError(
      `${path.join(dir, file)}: one of ${Object.values(sentencePoolings).join(", ")} must be true, got ${on.join(", ") || "none"}`,
    );
  return { pooling, normalize: modules.some((module) => module.type.endsWith("Normalize")), maxLength };
}

function renamed(tensors: Record<string, StoredTensor>): Record<string, StoredTensor> {
  const prefixed = Object.keys(tensors).some((name) => name.startsWith("bert.embeddings."));
  return Object.fromEntries(
    Object.entries(tensors).map(([name, tensor]) => [
      (prefixed ? name.replace(/^bert\./, "") : name)
        .replace(/LayerNorm\.gamma$/, "LayerNorm.weight")
        .replace(/LayerNorm\.beta$/, "LayerNorm.bias"),
      tensor,
    ]),
  );
}

function readJson(file: string): Record<string, unknown> {
  let text: string;
  try {
    text = fs.readFileSync(file, "utf8");
  } catch (error) {
    throw new UserError(`${file}: cannot be read (${(error as NodeJS.ErrnoException).code ?? error})`);
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new UserError(`${file}: must be JSON, got ${JSON.stringify(text.slice(0, 40))}`);
  }
  if (value === null || typeof value !== "object")
    throw new UserError(`${file}: must hold keys and values, got ${JSON.stringify(value)}`);
  return value as Record<string, unknown>;
}
