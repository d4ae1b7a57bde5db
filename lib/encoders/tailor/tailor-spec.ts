import { z } from "zod";
import { width } from "../model-sizes.js";

/** What is done to an encoder before it trains. */
export interface TailorSpec {
  /** the layer that embeddings are taken from; null: the last */
  layer: string | null;
  /** true: all but the last layer, or all that stands under a head; or the layers by name */
  freeze: boolean | readonly string[];
  /** layers with batch normalisation on the embeddings */
  head: { numLayers: number; outputDim: number } | null;
}

/** Section `tailor` of a model. */
export const tailorSetting = z
  .strictObject({
    layer: z
      .string()
      .min(1)
      .nullable()
      .default(null)
      .describe("where embeddings are taken; null = the last layer"),
    freeze: z
      .union([z.boolean(), z.array(z.string().min(1))])
      .default(false)
      .describe("layers that keep their weights; true = all but the last, or all under a head"),
    head: z
      .strictObject({
        num_layers: z
          .int()
          .min(1)
          .max(16)
          .default(2)
          .describe("linear layers, each with batch normalisation"),
        output_dim: width.default(128).describe("length of the embeddings"),
      })
      .nullable()
      .default(null)
      .describe("a projection head on the embeddings"),
  })
  .optional()
  .describe("a cut, frozen layers, a head; qdrl model layers lists the layers");

/** A section as a spec. */
export function tailorSpec(section: NonNullable<z.infer<typeof tailorSetting>>): TailorSpec {
  const { layer, freeze, head } = section;
  return { layer, freeze, head: head && { numLayers: head.num_layers, outputDim: head.output_dim } };
}

/** A spec as a section. */
export function tailorSection({ layer, freeze, head }: TailorSpec): z.infer<typeof tailorSetting> {
  return {
    layer,
    freeze: typeof freeze === "boolean" ? freeze : [...freeze],
    head: head && { num_layers: head.numLayers, output_dim: head.outputDim },
  };
}
