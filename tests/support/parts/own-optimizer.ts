import { z } from "zod";
import { createOptimizer, registerOptimizer } from "../../../lib/optimizers/create-optimizer.js";

/** Adam at a fraction of the learning rate. */
registerOptimizer(
  "careful_adam",
  ({ learningRate, caution }: { learningRate: number; caution: number }) =>
    createOptimizer({ kind: "adam", learningRate: learningRate / caution }),
  { caution: z.number().min(1).default(2).describe("the learning rate is divided by it") },
);
