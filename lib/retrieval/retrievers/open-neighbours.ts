import { OnnxBatchEncoder } from "../../encoders/batch-encoder.js";
import type { Listener } from "../../engine/progress.js";
import { documentQueries } from "../../experiment/document-queries.js";
import type { EvaluationSet } from "../../experiment/evaluation-set.js";
import { type LoadedExperiment, loadExperiment } from "../../experiment/load-experiment.js";
import { encoderSpec } from "../../experiment/specs.js";
import { textColumnsOf } from "../../experiment/text-columns.js";
import { sourceColumns } from "../../features/feature-pipeline.js";
import type { TextCleaning } from "../../tokenizer/text-cleaning.js";
import type { RunFolder } from "../../tracking/run-folder.js";
import { NeighbourRetriever } from "./neighbour-retriever.js";
import { openEncoder } from "./open-encoder.js";
import type { Retriever } from "./retriever.js";
import { encoderPreparation } from "./run-retriever.js";

/** The system of such a configuration, ready to answer; `run` is the encoder's. */
export async function openNeighbours(
  config: { run: string; neighbours: number; temperature: number },
  listener: Listener = {},
): Promise<{
  run: RunFolder;
  retriever: Retriever;
  sets: EvaluationSet[];
  textColumns: string[];
  queryColumns: string[];
  readQueries: LoadedExperiment["readQueries"];
  nameColumn: string;
  documentColumns: string[];
  prepare: (text: string) => string;
  cleaning: TextCleaning;
  close(): void;
}> {
  const { run, config: trained, encoder } = await openEncoder(config.run, { listener });
  const data = await loadExperiment(trained, listener, { training: false });
  const { query_features: queries, document_features: documents } = trained.dataset;
  const onnx =
    trained.recall_validation.encode_with === "onnx"
      ? new OnnxBatchEncoder(encoder, () => encoderSpec(trained), trained.provider)
      : null;
  const columnsOf = (features: typeof queries) => [
    ...new Set(features.flatMap((feature) => [...sourceColumns({ from: undefined, ...feature })])),
  ];
  const columns = { queries: columnsOf(queries), documents: columnsOf(documents) };
  const retriever = new NeighbourRetriever(
    { encoder, queryFeatures: data.features.queryFeatures, ...(onnx && { embed: onnx.embed }) },
    {
      neighbours: config.neighbours,
      temperature: config.temperature,
      known: (pool) =>
        documentQueries(trained.dataset_dir, columns, pool, {
          maxMalformed: trained.max_malformed_rows,
          onError: trained.on_error,
        }),
    },
  );
  return {
    run,
    retriever,
    sets: data.sets,
    ...textColumnsOf(trained),
    readQueries: data.readQueries,
    ...encoderPreparation(trained),
    close: () => {
      void onnx?.close();
      encoder.dispose();
    },
  };
}
