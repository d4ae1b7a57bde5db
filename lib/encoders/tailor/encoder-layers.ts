import type { Encoder, EncoderSpec } from "../encoder.js";
import { cutLayers } from "./cut-spec.js";

/** One layer of an encoder. */
export interface EncoderLayer {
  name: string;
  /** of one row: T texts' tokens, H · W positions of a picture; what a table or norm has no output of its own for is its width */
  outputShape: (number | "T" | "H" | "W")[];
  parameters: number;
  /** none of its parameters is frozen */
  trainable: boolean;
  /** embeddings can be taken from it */
  embedding: boolean;
}

/**
 * The layers of an encoder in the order of their parameters, tables first. A layer is what its parameters' names have in common
 * before `.weight`, `.bias`, `.scale` and the like; of a transformer a whole encoder layer, and its embeddings.
 *
 * @param spec  what the encoder was made from; null: only the last layer is known to give embeddings
 */
export function encoderLayers(encoder: Encoder, spec: EncoderSpec | null): EncoderLayer[] {
  const cuts = spec ? cutLayers(spec) : [];
  const layers = new Map<string, EncoderLayer>();
  const add = (name: string, parameter: string, shape: readonly number[], size: number) => {
    const frozen = encoder.frozen?.has(parameter) ?? false;
    const layer = layers.get(name) ?? {
      ...{ name, outputShape: [], parameters: 0, trainable: true },
      embedding: cuts.includes(name),
    };
    layer.parameters += size;
    if (frozen && !isStatistic(parameter)) layer.trainable = false;
    const decides = isTransformer(name) ? parameter.includes("LayerNorm") : shape.length > 1;
    if (layer.outputShape.length === 0 || decides) layer.outputShape = outputOf(name, shape);
    layers.set(name, layer);
  };
  for (const [name, table] of Object.entries(encoder.tables))
    add(layerOf(name), name, [table.rows, table.dim], table.rows * table.dim);
  if (cuts.includes("bag"))
    layers.set("bag", {
      ...{ name: "bag", outputShape: [spec!.textEmbedding.embeddingDim], parameters: 0 },
      ...{ trainable: true, embedding: true },
    });
  for (const [name, weight] of Object.entries(encoder.weights))
    add(layerOf(name), name, weight.shape, weight.size);
  const list = [...layers.values()];
  for (const last of lastLayers(list)) last.embedding = true;
  return list;
}

/** Running statistics are no weights: an optimiser never moves them, and their layer trains all the same. */
function isStatistic(parameter: string): boolean {
  return /^head\.\d+\.(mean|variance)$/.test(parameter);
}

/** The layer that a parameter belongs to. */
export function layerOf(parameter: string): string {
  const transformer = /^((?:query\.|document\.)?)(encoder\.layer\.\d+|embeddings|pooler)(\.|$)/.exec(
    parameter,
  );
  if (transformer) return `${transformer[1]}${transformer[2]}`;
  const words = /^((?:query\.|document\.)?)words$/.exec(parameter);
  if (words) return `${words[1]}embeddings`;
  return parameter.replace(/\.(weight|bias|filter|scale|shift|mean|variance|slope)$/, "");
}

function isTransformer(name: string): boolean {
  return /encoder\.layer\.\d+$|embeddings$/.test(name);
}

function outputOf(name: string, shape: readonly number[]): EncoderLayer["outputShape"] {
  const width = shape.at(-1)!;
  if (isTransformer(name)) return ["T", width];
  if (shape.length === 4) return ["H", "W", width];
  return [width];
}

/** The layers that nothing comes after: the head, else the last of each side. */
export function lastLayers(layers: readonly EncoderLayer[]): EncoderLayer[] {
  const head = layers.filter(({ name }) => name.startsWith("head."));
  if (head.length > 0) return [head.at(-1)!];
  const sides = ["query.", "document."].map((side) =>
    layers.filter(({ name }) => name.startsWith(side)).at(-1),
  );
  const found = sides.filter((layer): layer is EncoderLayer => layer !== undefined);
  return found.length > 0 ? found : layers.slice(-1);
}
