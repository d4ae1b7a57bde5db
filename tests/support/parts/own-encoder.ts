import { z } from "zod";
import { registerEncoder } from "../../../lib/encoders/create-encoder.js";
import { simpleTextEncoder } from "../../../lib/encoders/simple-text-encoder.js";

/** A shared encoder whose hidden layer is a multiple of its output: everything a new encoder needs. */
registerEncoder(
  "WideTextEncoder",
  (spec, random) => {
    const { widthFactor } = spec as typeof spec & { widthFactor: number };
    return simpleTextEncoder({ ...spec, fcDim: widthFactor * spec.outputDim }, random);
  },
  { width_factor: z.int().min(1).default(2).describe("hidden width as a multiple of output_dim") },
);
