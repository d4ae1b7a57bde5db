import { encodeAll } from "../../encoders/encode-all.js";
import { loadExperiment } from "../../experiment/load-experiment.js";
import type { ExperimentConfig } from "../../experiment/schema.js";
import { experimentSchema } from "../../experiment/schema.js";
import { textColumnsOf } from "../../experiment/text-columns.js";
import { UserError } from "../../files/user-error.js";
import { openEncoder } from "./open-encoder.js";
import type { RetrievalSystem } from "./retrieval-system.js";
import { encoderPreparation, runRetriever } from "./run-retriever.js";

/** A trained encoder with its exact index. Its files have no key `system`, and training writes its runs. */
export const denseSystem: RetrievalSystem<ExperimentConfig> = {
  system: "dense",
  summary: "an experiment with an encoder",
  get schema() {
    return experimentSchema();
  },
  async open(_config, { run, listener, checkpoint }) {
    if (!run) throw new UserError("denseSystem: must be trained before it is opened, got no run");
    const options = { listener, ...(checkpoint !== undefined && { checkpoint }) };
    const { config, encoder } = await openEncoder(run.dir, options);
    const data = await loadExperiment(config, listener, { training: false });
    const dense = runRetriever(run, config, encoder, data.features, options);
    const { seed, dataset, backend, counts } = run.manifest();
    return {
      config,
      retriever: dense.retriever,
      sets: data.sets,
      ...encoderPreparation(config),
      ...textColumnsOf(config),
      readQueries: data.readQueries,
      embed: async (rows, side) => {
        const { queryFeatures, documentFeatures } = data.features;
        const batch = (side === "query" ? queryFeatures : documentFeatures).encode(rows);
        return { vectors: encodeAll(encoder, batch, side), dim: encoder.outputDim };
      },
      origin: { seed, dataset, backend, counts },
      close: () => {
        dense.close();
        encoder.dispose();
      },
    };
  },
};
