import { z } from "zod";
import { openNeighbours } from "./open-neighbours.js";
import {
  answeredSets,
  evaluationKeys,
  identityKeys,
  outputKeys,
  type RetrievalSystem,
} from "./retrieval-system.js";

/** A finished encoder's query tower, searching among the training queries for those that vote for their documents. */
const neighboursSchema = z.strictObject({
  ...identityKeys("neighbours", "nearest training queries"),
  ...outputKeys,
  run: z.string().min(1).describe("run folder of an encoder, or a configuration file that is run first"),
  neighbours: z.int().min(1).default(50).describe("training queries that vote"),
  temperature: z
    .number()
    .positive()
    .default(0.1)
    .describe("of the votes exp((cosine − 1) / temperature); the smaller, the more the nearest count"),
  ...evaluationKeys,
});

export type NeighboursConfig = z.infer<typeof neighboursSchema>;

/** The nearest training queries by a finished encoder's query tower. */
export const neighboursSystem: RetrievalSystem<NeighboursConfig> = {
  system: "neighbours",
  summary: "nearest training queries of an encoder",
  schema: neighboursSchema,
  madeOf: "run",
  async open(config, { run, listener }) {
    const { run: encoderRun, ...opened } = await openNeighbours(config, listener);
    const { seed, dataset, backend } = encoderRun.manifest();
    return {
      ...opened,
      config,
      sets: answeredSets(run, opened.sets),
      origin: { seed, dataset, backend, counts: {} },
    };
  },
};
