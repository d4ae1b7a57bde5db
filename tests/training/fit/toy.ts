import type { EncoderSpec } from "../../../lib/encoders/encoder.js";
import { Random } from "../../../lib/engine/random/random.js";
import { FeaturePipeline } from "../../../lib/features/feature-pipeline.js";
import { HashingVectorizer } from "../../../lib/tokenizer/hashing-vectorizer.js";
import { documentData } from "../../../lib/training/fit/fit-data.js";
import type { FitDocument } from "../../../lib/training/fit/fit-documents.js";

const vectorizer = new HashingVectorizer({ numFeatures: 400, maxLength: 4 });
export const features = {
  pipeline: new FeaturePipeline({ features: [{ name: "text", type: "text" }], vectorizer }),
  feature: "text",
};
export const spec: EncoderSpec = {
  kind: "SimpleTextEncoder",
  textEmbedding: { numEmbeddings: vectorizer.rows, embeddingDim: 8, initialStd: 1 },
  fcDim: 12,
  outputDim: 6,
  queryTextFeature: "text",
  documentTextFeature: "text",
};

/** Five classes whose items share half of their words with the next class: overlapping, but learnable. */
export function classDocuments(perClass = 12, seed = 1): FitDocument[] {
  const random = new Random(seed);
  return Array.from({ length: 5 * perClass }, (_, i) => {
    const label = i % 5;
    const word = () => `w${(label * 4 + random.int(8)) % 20}`;
    return { text: `${word()} ${word()} ${word()}`, tags: { finetuner_label: `class ${label}` } };
  });
}

export const classData = (perClass = 12, seed = 1) => documentData(classDocuments(perClass, seed), features);

export function sessionData(count = 20) {
  const random = new Random(2);
  const documents: FitDocument[] = Array.from({ length: count }, (_, s) => {
    const word = () => `w${(s % 5) * 4 + random.int(4)}`;
    const other = () => `w${(((s + 2) % 5) * 4 + random.int(4)) % 20}`;
    return {
      text: `${word()} ${word()}`,
      matches: [
        { text: `${word()} ${word()}`, tags: { finetuner_label: 1 } },
        { text: `${other()} ${other()}`, tags: { finetuner_label: -1 } },
      ],
    };
  });
  return documentData(documents, features);
}
