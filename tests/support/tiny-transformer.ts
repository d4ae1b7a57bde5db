import { writeTransformerFolder } from "../../lib/encoders/pretrained/transformer-folder.js";
import { tokenizerFromVocabulary } from "../../lib/tokenizer/wordpiece/read-vocabulary.js";
import { bertArchitecture, bertWeights } from "../encoders/transformer/bert-fixture.js";

const WORDS = "red blue green black white pink shoe shirt lamp chair phone bottle scarf clock".split(" ");

/** Writes the tiny BERT, 32 wide, as `qdrl model import` would, with the words of the tiny data set in its vocabulary. */
export function writeTinyTransformer(dir: string): void {
  const vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", ...WORDS].join("\n");
  writeTransformerFolder(dir, {
    architecture: bertArchitecture,
    pooling: "mean",
    normalize: true,
    maxLength: 8,
    tokenizer: tokenizerFromVocabulary(vocabulary),
    weights: bertWeights,
  });
}
